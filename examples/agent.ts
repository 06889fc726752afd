// An agent with a tool that works in the background: its end wakes the conversation that started it, and no other.
// `npm run example` needs no network: the model is a stand-in.
import { execFile } from "node:child_process";
import { setTimeout as delay } from "node:timers/promises";
import { generateText, isStepCount, tool, type ModelMessage } from "ai";
import { createHeartbeat, sqliteStore } from "lubdub";
import { z } from "zod";
import { offlineModel } from "./offline-model.ts";

const conversations = new Map<string, ModelMessage[]>();
const channel = "agent:main:discord:channel:42";

await using heartbeat = createHeartbeat({
  store: sqliteStore({ folder: process.argv[2] ?? ".lubdub/example" }),
  // A wake is one more turn of the same loop, with what happened in the place of a user's words.
  run: async ({ sessionKey, wakeId, events, signal }) => {
    const news = events.map(({ text }) => text).join("\n");
    await converse(sessionKey, `[system event, wake ${wakeId}] ${news}`, signal);
    return { status: "ran" };
  },
});

/** A user's turn holds the lane: no wake gets in between. */
function userTurn(sessionKey: string, words: string): Promise<void> {
  return heartbeat.withTurn(sessionKey, () => converse(sessionKey, words));
}

async function converse(sessionKey: string, content: string, abortSignal?: AbortSignal): Promise<void> {
  const messages: ModelMessage[] = [...(conversations.get(sessionKey) ?? []), { role: "user", content }];
  const tools = { background: backgroundTool(sessionKey) };
  const options = { model: offlineModel, tools, messages, stopWhen: isStepCount(5) };
  const answer = await generateText(abortSignal === undefined ? options : { ...options, abortSignal });
  conversations.set(sessionKey, [...messages, ...answer.responseMessages]);
  console.log(`${sessionKey} < ${content}\n${sessionKey} > ${answer.text}`);
}

/** Answers at once. When the program ends, its conversation is woken. */
const backgroundTool = (sessionKey: string) =>
  tool({
    description: "Runs a program in the background. You are woken when it ends.",
    inputSchema: z.object({ program: z.string(), args: z.array(z.string()) }),
    execute({ program, args }) {
      execFile(program, args, (error, stdout) => {
        const text = `${program} ended with exit code ${error?.code ?? 0}: ${stdout.trim()}`;
        heartbeat.wake(text, { sessionKey, source: "exec-event" }).catch(console.error);
      });
      return "It has started.";
    },
  });

const queued = async (): Promise<number> => (await heartbeat.peekSystemEvents(channel)).length;
await userTurn("agent:main:main", "Hello.");
await heartbeat.withTurn(channel, async () => {
  await userTurn(channel, "Run the tests.");
  while ((await queued()) === 0) await delay(20); // they end while the user's turn still goes on
  console.log(`busy: ${(await heartbeat.why(channel)).sentence}`);
});
while ((await queued()) > 0) await delay(20); // woken with the result
