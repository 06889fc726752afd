import type { SessionContext } from "../../machines/index.ts";
import type { Why } from "../vocabulary.ts";
import type { HeartbeatActor } from "./actor.ts";
import { whySentence, type WhyFacts } from "./why-words.ts";

/** What the host knows beside the machines. */
export interface HostFacts {
  readonly nowMs: number;
  readonly userTurn: boolean;
  readonly slotsFree: boolean;
  readonly stopping: boolean;
  readonly failure: string | null;
}

type Answer = Pick<WhyFacts, "code" | "untilMs" | "times" | "runId" | "ahead" | "failure">;

/** Why a session is not awake yet, and until when. Pure; the command line, the HTTP API and pages all show this one answer. */
export function whyOf(
  session: SessionContext,
  lane: string,
  heartbeat: Pick<HeartbeatActor, "value" | "context">,
  host: HostFacts,
): Why {
  const facts: WhyFacts = {
    sessionKey: session.sessionKey,
    lane,
    ...answer(session, heartbeat, host),
    queued: session.queue.length,
    dead: session.dead.length,
  };
  return { ...facts, sentence: whySentence(facts, host.nowMs) };
}

function answer(
  session: SessionContext,
  { context }: Pick<HeartbeatActor, "context">,
  host: HostFacts,
): Answer {
  const { failure, stopping, userTurn, slotsFree, nowMs } = host;
  const { run } = context;
  if (failure !== null) return { ...plain("store-failed"), failure };
  if (run?.wake.sessionKey === session.sessionKey) return { ...plain("running"), runId: run.runId };
  const wake = context.pending.get(session.sessionKey);
  if (wake === undefined) return nothingPending(session);
  if (stopping) return plain("stopping");
  if (userTurn) return plain("user-turn");
  if (run !== null) return { ...plain("waiting-for-lane"), ahead: run.wake.sessionKey };
  const { waitsFor, hold = "cooldown", dueAtMs: untilMs, postponements, attempts } = wake;
  if (untilMs <= nowMs) return { code: "waiting-for-slot", untilMs: slotsFree ? nowMs : null };
  switch (waitsFor) {
    case "window":
      return { code: "coalescing", untilMs };
    case "idle":
      if (wake.gate === undefined) return { code: "busy", untilMs, times: postponements };
      return { code: wake.gate === "closed" ? "gate-closed" : "gate-failed", untilMs };
    case "backoff":
      return { code: "backing-off", untilMs, times: attempts };
    case "hold":
      return { code: hold, untilMs };
  }
}

function nothingPending({ queue, dead }: SessionContext): Answer {
  if (queue.length > 0) return plain("waiting-for-lane");
  return plain(dead.length > 0 ? "dead-letters" : "nothing-queued");
}

const plain = (code: Why["code"]): Answer => ({ code, untilMs: null });
