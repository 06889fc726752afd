import type { Command } from "commander";
import type { Heartbeat, SessionSummary, Status, Why } from "../index.ts";
import { connect, daemonOf, dataFolderOf, type CommonOptions } from "./contact.ts";
import { show, showEach, talk } from "./output.ts";
import { oneLine } from "./plain.ts";
import { subcommand } from "./subcommand.ts";
import { clockTime } from "../words/time.ts";
import { sessionLine } from "./words.ts";

const PAGE = 1_000;

/** status, sessions, why: commands that only look. */
export function addLook(program: Command): void {
  subcommand(program, "status", "how the daemon is").action(status);
  subcommand(program, "sessions", "every session, with what waits in it").action(sessions);
  subcommand(program, "why", "why a session is not awake yet, and until when")
    .argument("<key>", "the session")
    .action(why);
}

async function status(options: CommonOptions): Promise<void> {
  const heartbeat = connect(options);
  const { url, pid } = daemonOf(dataFolderOf(options));
  const found = { url, pid, ...(await heartbeat.status()) };
  await show(options.json, found, statusWords);
}

async function sessions(options: CommonOptions): Promise<void> {
  const heartbeat = connect(options);
  let count = 0;
  for await (const page of pagesOf(heartbeat)) {
    count += page.length;
    await showEach(options.json, page, sessionLine);
  }
  if (count === 0 && options.json !== true)
    talk("No session yet. Wake one: lubdub wake --session KEY --text TEXT");
}

async function why(key: string, options: CommonOptions): Promise<void> {
  const heartbeat = connect(options);
  await show(options.json, await heartbeat.why(key), whyWords);
}

async function* pagesOf(heartbeat: Heartbeat): AsyncGenerator<readonly SessionSummary[]> {
  let after: string | undefined;
  for (;;) {
    const page = await heartbeat.sessions({ limit: PAGE, ...(after === undefined ? {} : { after }) });
    yield page;
    if (page.length < PAGE) return;
    after = page.at(-1)?.sessionKey;
  }
}

function whyWords({ sentence, untilMs }: Why): string {
  return untilMs === null ? oneLine(sentence, 1_000) : `${oneLine(sentence, 1_000)} (${clockTime(untilMs)})`;
}

function statusWords(status: Status & { readonly url: string; readonly pid: number }): string {
  const lines = [
    `${status.state} at ${status.url} (process ${status.pid})`,
    `data in ${status.store}, log position ${status.position}`,
    `${status.runsInFlight} running, ${status.lanesDue} waiting, ${status.liveActors} actors in memory`,
    ...Object.entries(status.counts).map(([name, count]) => `${name}: ${count}`),
  ];
  for (const { lane, code, message } of status.quarantined ?? []) {
    lines.push(`set aside: ${oneLine(lane, 512)}: ${oneLine(message, 500)} [${code}]`);
  }
  for (const { agentId, refusal, untilMs } of status.resting ?? [])
    lines.push(`agent ${oneLine(agentId, 200)} rests until ${clockTime(untilMs)}: ${refusal}`);
  if (status.cause !== undefined) lines.push(`${oneLine(status.cause.message, 500)} [${status.cause.code}]`);
  return lines.join("\n");
}
