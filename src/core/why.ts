import type { Hold, SessionContext } from "../../machines/index.ts";
import type { Why } from "../vocabulary.ts";
import type { HeartbeatActor } from "./actor.ts";

/** What the host knows beside the machines. */
export interface HostFacts {
  readonly nowMs: number;
  readonly userTurn: boolean;
  readonly slotsFree: boolean;
  readonly stopping: boolean;
  readonly failure: string | null;
}

type Answer = Pick<Why, "code" | "sentence" | "untilMs">;

/** Why a session is not awake yet, and until when. Pure; the command line, the HTTP API and pages all show this one answer. */
export function whyOf(
  session: SessionContext,
  lane: string,
  heartbeat: Pick<HeartbeatActor, "value" | "context">,
  facts: HostFacts,
): Why {
  return {
    sessionKey: session.sessionKey,
    lane,
    ...answer(session, heartbeat, facts),
    queued: session.queue.length,
    dead: session.dead.length,
  };
}

function answer(
  session: SessionContext,
  { context }: Pick<HeartbeatActor, "context">,
  facts: HostFacts,
): Answer {
  if (facts.failure !== null) {
    return say(
      "store-failed",
      `The store has failed: ${facts.failure} Nothing runs until it is opened again.`,
    );
  }
  if (context.run?.wake.sessionKey === session.sessionKey) {
    return say("running", `It is awake: run ${context.run.runId} is going on.`);
  }
  const wake = context.pending.get(session.sessionKey);
  if (wake === undefined) return nothingPending(session);
  if (facts.stopping) return say("stopping", "Lubdub is stopping; it runs after the next start.");
  if (facts.userTurn) return say("user-turn", "A user's turn holds the lane; it runs as soon as that ends.");
  if (context.run !== null) {
    return say(
      "waiting-for-lane",
      `Its lane is working for ${context.run.wake.sessionKey}; it runs after that.`,
    );
  }
  if (wake.dueAtMs <= facts.nowMs) return due(facts);
  const left = lengthOf(wake.dueAtMs - facts.nowMs);
  switch (wake.waitsFor) {
    case "window":
      return say(
        "coalescing",
        `It waits ${left} more, so that what comes close together makes one run.`,
        wake.dueAtMs,
      );
    case "idle":
      return say(
        "busy",
        `The agent was busy (${times(wake.postponements)}); it is asked again in ${left}, or as soon as it says that it is idle.`,
        wake.dueAtMs,
      );
    case "backoff":
      return say(
        "backing-off",
        `The run failed (${times(wake.attempts)}); the next try is in ${left}.`,
        wake.dueAtMs,
      );
    case "hold": {
      const { hold = "cooldown", dueAtMs } = wake;
      return say(hold, `${HELD[hold]}; it is kept, and looked at again in ${left}.`, dueAtMs);
    }
  }
}

/** What each policy says when it holds a wake back. */
const HELD: Readonly<Record<Hold, string>> = {
  "quiet-hours": "It is night: quiet hours hold it back",
  cooldown: "Its last run was a moment ago: the cooldown holds it back",
  flood: "Too many runs have started in a short time: the flood guard holds it back",
  budget: "What it may spend today is spent: the budget holds it back",
  "self-wake": "Its own runs have woken it again and again: it waits for something from outside",
  "circuit-open": "The agent refuses every call (key or quota): its circuit is open",
};

function nothingPending({ queue, dead }: SessionContext): Answer {
  if (queue.length > 0) {
    return say(
      "waiting-for-lane",
      "It waits in the lane that was its own before `laneOf` changed; it comes over when that lane has its turn.",
    );
  }
  if (dead.length > 0) {
    return say(
      "dead-letters",
      `Nothing is queued; ${dead.length} dead letter(s) wait to be requeued or dismissed.`,
    );
  }
  return say("nothing-queued", "Nothing is queued and nobody asked for a run.");
}

function due({ slotsFree, nowMs }: HostFacts): Answer {
  return slotsFree
    ? say("waiting-for-slot", "It is due and starts now.", nowMs)
    : say("waiting-for-slot", "It is due and waits for a free slot: as many runs are going on as allowed.");
}

const say = (code: Why["code"], sentence: string, untilMs: number | null = null): Answer => ({
  code,
  sentence,
  untilMs,
});
const times = (count: number): string => (count === 1 ? "once" : `${count} times`);

/** As people say it: `8.2 s`, `45 min`, `16 h 9 min`. */
function lengthOf(ms: number): string {
  if (ms < 120_000) return `${(ms / 1_000).toFixed(1)} s`;
  const minutes = Math.ceil(ms / 60_000);
  return minutes < 120 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
