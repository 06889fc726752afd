import type { Command } from "commander";
import type { DeadLetter, Delivery, Heartbeat } from "../index.ts";
import { connect, type CommonOptions } from "./contact.ts";
import { routeWords } from "../words/delivery.ts";
import { show, showEach, talk } from "./output.ts";
import { oneLine } from "./plain.ts";
import { subcommand } from "./subcommand.ts";
import { acceptedWords } from "./wake.ts";
import { clockTime } from "../words/time.ts";

const PAGE = 1_000;

export function addDead(program: Command): void {
  const dead = program.command("dead").description("events and replies that were given up");
  subcommand(dead, "ls", "list them").action(list);
  subcommand(dead, "requeue", "put an event back into its queue, or send a reply again")
    .argument("<id>")
    .action(async (id: string, options: CommonOptions) => {
      const heartbeat = connect(options);
      await show(options.json, await heartbeat.requeue(id), acceptedWords);
    });
  subcommand(dead, "dismiss", "give one up for good")
    .argument("<id>")
    .action(async (id: string, options: CommonOptions) => {
      const heartbeat = connect(options);
      await show(options.json, await heartbeat.dismiss(id), () => `dismissed: ${oneLine(id)}`);
    });
}

async function list(options: CommonOptions): Promise<void> {
  const heartbeat = connect(options);
  let count = 0;
  for await (const page of pagesOf(heartbeat)) {
    count += page.length;
    await showEach(options.json, page, letterLine);
  }
  for await (const page of deadDeliveries(heartbeat)) {
    count += page.length;
    await showEach(options.json, page, deliveryLine);
  }
  if (count === 0 && options.json !== true) talk("Nothing was given up.");
}

async function* deadDeliveries(heartbeat: Heartbeat): AsyncGenerator<readonly Delivery[]> {
  for (let after = ""; ;) {
    const page = await heartbeat.deliveries({ state: "dead", limit: PAGE, ...(after !== "" && { after }) });
    if (page.length === 0) return;
    yield page;
    after = page.at(-1)?.deliveryId ?? "";
  }
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

const triesWords = (attempts: number): string => (attempts === 1 ? "1 attempt" : `${attempts} attempts`);

function deliveryLine({
  deliveryId,
  sessionKey,
  text,
  route,
  attempts,
  error,
  queuedAtMs,
}: Delivery): string {
  const reason = error === undefined ? "" : `: ${oneLine(error.message, 200)} [${error.code}]`;
  const said = `reply "${oneLine(text)}" to ${oneLine(routeWords(route))}`;
  return `${clockTime(queuedAtMs)}  ${deliveryId}  ${oneLine(sessionKey, 512)}  ${said} after ${triesWords(attempts)}${reason}`;
}

function letterLine({ event, attempts, error, diedAtMs }: DeadLetter): string {
  const reason = `${oneLine(error.message, 200)} [${error.code}]`;
  return `${clockTime(diedAtMs)}  ${event.eventId}  ${oneLine(event.sessionKey, 512)}  "${oneLine(event.text)}" after ${triesWords(attempts)}: ${reason}`;
}
