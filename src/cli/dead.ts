import type { Command } from "commander";
import type { DeadLetter, Heartbeat } from "../index.ts";
import { connect, type CommonOptions } from "./contact.ts";
import { show, showEach, talk } from "./output.ts";
import { oneLine } from "./plain.ts";
import { subcommand } from "./subcommand.ts";
import { acceptedWords } from "./wake.ts";
import { clockTime } from "./time-words.ts";

const PAGE = 1_000;

export function addDead(program: Command): void {
  const dead = program.command("dead").description("events that were given up");
  subcommand(dead, "ls", "list them").action(list);
  subcommand(dead, "requeue", "put one back into its queue, and wake its session")
    .argument("<event-id>")
    .action(async (eventId: string, options: CommonOptions) => {
      const heartbeat = connect(options);
      await show(options.json, await heartbeat.requeue(eventId), acceptedWords);
    });
  subcommand(dead, "dismiss", "give one up for good")
    .argument("<event-id>")
    .action(async (eventId: string, options: CommonOptions) => {
      const heartbeat = connect(options);
      await show(
        options.json,
        await heartbeat.dismiss(eventId),
        () => `dismissed: event ${oneLine(eventId)}`,
      );
    });
}

async function list(options: CommonOptions): Promise<void> {
  const heartbeat = connect(options);
  let count = 0;
  for await (const page of pagesOf(heartbeat)) {
    count += page.length;
    await showEach(options.json, page, letterLine);
  }
  if (count === 0 && options.json !== true) talk("No event was given up.");
}

/** A page holds whole sessions, so it may be longer than asked for; the next begins after its last session. */
async function* pagesOf(heartbeat: Heartbeat): AsyncGenerator<readonly DeadLetter[]> {
  let after: string | undefined;
  for (;;) {
    const page = await heartbeat.deadLetters({ limit: PAGE, ...(after === undefined ? {} : { after }) });
    if (page.length === 0) return;
    yield page;
    after = page.at(-1)?.event.sessionKey;
  }
}

function letterLine({ event, attempts, error, diedAtMs }: DeadLetter): string {
  const tries = attempts === 1 ? "1 attempt" : `${attempts} attempts`;
  const reason = `${oneLine(error.message, 200)} [${error.code}]`;
  return `${clockTime(diedAtMs)}  ${event.eventId}  ${oneLine(event.sessionKey, 512)}  "${oneLine(event.text)}" after ${tries}: ${reason}`;
}
