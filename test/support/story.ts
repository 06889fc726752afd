import { setTimeout as delay } from "node:timers/promises";
import type { Heartbeat, Outcome, RunHandler, ScheduleOptions } from "../../src/index.ts";

/**
 * A day at work, for the pictures in the README: the seed's story (a command ends while the agent is busy, a run fails, the next
 * one handles it), and others that wait for all kinds of reasons.
 */
export const STORY_KEY = "agent:main:discord:channel:42";

const BUSY = (retryAfterMs: number): Outcome => ({
  status: "skipped",
  reason: "requests-in-flight",
  retryAfterMs,
});
const FAILED = (reason: string): Outcome => ({ status: "failed", reason });
const ran = (reply: string, inputTokens: number, outputTokens: number): Outcome => ({
  status: "ran",
  reply,
  usage: { inputTokens, outputTokens },
});

/** What the agent of each session does, call by call; the last stays. */
const SCRIPTS: Readonly<Record<string, readonly (Outcome | "works on")[]>> = {
  [STORY_KEY]: [
    BUSY(700),
    BUSY(900),
    FAILED("The provider answered 529: overloaded."),
    ran(
      "`npm test` ended with exit code 1: two tests of `parser` fail since the last commit. Shall I look into it?",
      1_842,
      211,
    ),
    ran("HEARTBEAT_OK", 1_920, 4),
  ],
  "agent:support:slack:C024BE91L": [BUSY(48_000)],
  "agent:research:matrix:!lab:example.org": ["works on"],
  "agent:billing:webhook:stripe": [FAILED("connect ECONNREFUSED 127.0.0.1:8080")],
  "agent:deploy:cron:nightly": [
    { status: "failed", reason: "The key is for another project.", retryable: false },
  ],
};

/** The agent of the story. */
export function storyAgent(): RunHandler {
  const calls = new Map<string, number>();
  return async ({ sessionKey, signal }) => {
    const script = SCRIPTS[sessionKey] ?? [ran("HEARTBEAT_OK", 1_204, 4)];
    const call = calls.get(sessionKey) ?? 0;
    calls.set(sessionKey, call + 1);
    const outcome = script[Math.min(call, script.length - 1)] as (typeof script)[number];
    if (outcome !== "works on") {
      await delay(120, undefined, { signal }).catch(() => {});
      return outcome;
    }
    await new Promise((stopped) => signal.addEventListener("abort", stopped, { once: true }));
    return BUSY(1_000);
  };
}

const EVENTS: readonly (readonly [sessionKey: string, source: string, text: string])[] = [
  ["agent:home:telegram:7", "cron", "The washing machine is done."],
  ["agent:deploy:cron:nightly", "cron", "Deploy what is on main."],
  [STORY_KEY, "exec-event", "`npm test` ended with exit code 1 after 48 s.\n  2 failed, 311 passed"],
  ["agent:billing:webhook:stripe", "hook", "invoice.payment_failed for customer cus_9s6"],
  ["agent:support:slack:C024BE91L", "hook", "Ticket 4711 was answered by the customer."],
  [
    "agent:research:matrix:!lab:example.org",
    "exec-event",
    "`python sweep.py` ended with exit code 0 after 2 h 4 min.",
  ],
  ["agent:main:main", "other", "The sub-agent has finished its report."],
];

const SCHEDULES: readonly ScheduleOptions[] = [
  { scheduleId: "beat", sessionKey: "agent:main:main", everyMs: 1_800_000 },
  {
    scheduleId: "stand-up",
    sessionKey: STORY_KEY,
    cron: "45 8 * * 1-5",
    zone: "Europe/Berlin",
    text: "Say in two sentences what happened since yesterday.",
  },
  {
    scheduleId: "nightly-deploy",
    sessionKey: "agent:deploy:cron:nightly",
    cron: "0 2 * * *",
    zone: "America/New_York",
    text: "Deploy what is on main.",
  },
];

/** Plays it, up to the moment at which all that waits is waiting. */
export async function playStory(heartbeat: Heartbeat): Promise<void> {
  for (const schedule of SCHEDULES) await heartbeat.setSchedule(schedule);
  await heartbeat.pauseSchedule("nightly-deploy");
  let story = "";
  for (const [sessionKey, source, text] of EVENTS) {
    const { wakeId } = await heartbeat.wake(text, { sessionKey, source, route: { channel: "42" } });
    if (sessionKey === STORY_KEY) story = wakeId;
    await delay(60);
  }
  await heartbeat.wake("`npm run lint` ended with exit code 0.", {
    sessionKey: STORY_KEY,
    source: "exec-event",
  });
  await heartbeat.waitFor(story, "settled");
  await heartbeat.wake("A photo was added.", { sessionKey: "agent:family:signal:+49", coalesceMs: 120_000 });
}
