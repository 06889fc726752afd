import { parseArgs } from "node:util";
import { z } from "zod";
import { promptPrefix, renderPrompt } from "../src/agents/prompt.ts";
import { createHeartbeat, gate, withChecks, type Heartbeat, type PreRunCheck } from "../src/index.ts";
import { DAEMON_LIMITS } from "../src/limits.ts";
import type { Limits } from "../src/policy/limits.ts";
import { mulberry32, simulatedClock, type SimulatedClock } from "../test/support/simulated-clock.ts";
import { TEXT } from "./workload.ts";

/**
 * `npm run bench:cost [-- --json]`: what a week costs, on a clock that is driven by hand and with a model that is only
 * counted. The same trace every time, so the figures are the same on every machine.
 */
const { values } = parseArgs({ options: { json: { type: "boolean", default: false } } });

const KEY = "agent:main:main";
const BEAT_MS = 1_800_000;
/** How long the model works for a run. */
const MODEL_MS = 30_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const WEEK_MS = 7 * DAY_MS;
const INSTRUCTIONS = "Look at the build and at the inbox. Say only what needs a person.";

/** What one week of one agent came to. */
interface Week {
  readonly what: string;
  readonly events: number;
  readonly modelCalls: number;
  readonly callsPerDay: number;
  /** Characters of all prompts, and how many of them repeat the beginning of the prompt before byte for byte. */
  readonly injectedChars: number;
  readonly repeatedChars: number;
}

interface Trace {
  readonly what: string;
  readonly beats: boolean;
  readonly checks?: readonly PreRunCheck[];
  /** When events come, in milliseconds from the start. */
  readonly eventsAtMs?: readonly number[];
  /** Each run leaves a command behind that ends this much later and wakes the session again, in milliseconds. */
  readonly wakesItselfMs?: number;
  readonly limits?: Limits;
}

const random = mulberry32(7);
const closed = gate({ decide: () => false });
/** The daemon's own: what nobody has to configure. */
const usual: Limits = z.object(DAEMON_LIMITS).parse({});
const selfWaking = { beats: false, eventsAtMs: [HOUR_MS], wakesItselfMs: 1_000 };
const WEEKS: readonly Trace[] = [
  { what: "idle, a beat every 30 minutes", beats: true },
  { what: "the same behind a closed gate", beats: true, checks: [closed] },
  { what: "a burst: 100 events within 200 ms", beats: false, eventsAtMs: spread(100, HOUR_MS, 200) },
  {
    what: "busy: 200 events in 8 hours of each of 5 days, beats behind a closed gate",
    beats: true,
    checks: [closed],
    eventsAtMs: [0, 1, 2, 3, 4].flatMap((day) => spread(200, day * DAY_MS + 9 * HOUR_MS, 8 * HOUR_MS)),
  },
  { what: "an agent that wakes itself after each run, without limits", ...selfWaking },
  { what: "the same under the daemon's usual limits", ...selfWaking, limits: usual },
];

const weeks: Week[] = [];
for (const trace of WEEKS) weeks.push(await live(trace));
process.stdout.write(values.json ? `${JSON.stringify(weeks)}\n` : table(weeks));

async function live({
  what,
  beats,
  checks = [],
  eventsAtMs = [],
  wakesItselfMs,
  limits,
}: Trace): Promise<Week> {
  const clock = simulatedClock();
  const prompts: string[] = [];
  let isOver = false;
  const instructions: PreRunCheck = () => ({ status: "go", adds: { instructions: INSTRUCTIONS } });
  const run = withChecks(
    async (request) => {
      prompts.push(renderPrompt(request));
      await new Promise<void>((resolve) => void clock.setTimer(MODEL_MS, resolve));
      if (wakesItselfMs !== undefined) {
        const wish = { sessionKey: KEY, source: "exec-event", cause: request.runId };
        clock.setTimer(wakesItselfMs, () => void (isOver || heartbeat.wake(TEXT, wish)));
      }
      return { status: "ran", reply: "HEARTBEAT_OK" };
    },
    [instructions, ...checks],
  );
  const heartbeat = createHeartbeat({ run, clock, ...(limits && { limits }) });
  if (beats)
    await soon(clock, heartbeat.setSchedule({ scheduleId: "beat", sessionKey: KEY, everyMs: BEAT_MS }));
  await play(clock, heartbeat, eventsAtMs);
  isOver = true;
  const closing = heartbeat.close();
  await clock.advance(MODEL_MS);
  await closing;
  const prefix = promptPrefix(INSTRUCTIONS);
  if (!prompts.every((prompt) => prompt.startsWith(prefix)))
    throw new Error("A prompt begins otherwise than the others.");
  const injectedChars = prompts.reduce((sum, { length }) => sum + length, 0);
  return {
    what,
    events: eventsAtMs.length,
    modelCalls: prompts.length,
    callsPerDay: prompts.length / 7,
    injectedChars,
    repeatedChars: Math.max(0, prompts.length - 1) * prefix.length,
  };
}

async function play(
  clock: SimulatedClock,
  heartbeat: Heartbeat,
  eventsAtMs: readonly number[],
): Promise<void> {
  const startMs = clock.nowMs();
  for (const atMs of eventsAtMs) {
    await clock.advance(Math.max(0, startMs + atMs - clock.nowMs()));
    await soon(clock, heartbeat.wake(TEXT, { sessionKey: KEY, source: "exec-event" }));
  }
  await clock.advance(startMs + WEEK_MS - clock.nowMs());
}

async function soon<T>(clock: SimulatedClock, promise: Promise<T>): Promise<T> {
  await clock.settle();
  return promise;
}

/** So many moments, by chance but the same each time. */
function spread(count: number, fromMs: number, withinMs: number): readonly number[] {
  return Array.from({ length: count }, () => fromMs + Math.floor(random() * withinMs)).toSorted(
    (a, b) => a - b,
  );
}

function table(rows: readonly Week[]): string {
  const lines = rows.map(
    ({ what, events, modelCalls, callsPerDay, injectedChars, repeatedChars }) =>
      `${what}: ${events} events, ${modelCalls} model calls (${callsPerDay.toFixed(1)} a day), ` +
      `${injectedChars} characters injected, ${repeatedChars} of them the same beginning as before`,
  );
  return `One simulated week\n${lines.map((line) => `  ${line}\n`).join("")}`;
}
