import type { SessionContext, Wake } from "../../machines/index.ts";
import { backoffMs } from "../core/backoff.ts";
import type { World } from "../core/world.ts";
import type { ResolvedOptions } from "../options.ts";
import { wallClockOf, type Clock } from "./clock.ts";
import type { RecordDraft } from "./journal.ts";

interface LimitParts {
  readonly world: World;
  readonly clock: Clock;
  readonly options: ResolvedOptions;
}

type HeldDraft = Extract<RecordDraft, { readonly type: "wake.held" }>;

/** The policies, told what they need to know of a session and its agent. */
export class RunLimits {
  readonly #parts: LimitParts;
  readonly #wallMs: () => number;

  constructor(parts: LimitParts) {
    this.#parts = parts;
    this.#wallMs = wallClockOf(parts.options);
  }

  /** What is written down when a policy holds the wake back; null when it may start. */
  hold(wake: Wake, session: SessionContext): HeldDraft | null {
    const { clock, options } = this.#parts;
    if (options.policies === null) return null;
    const { sessionKey, wakeId, intent } = wake;
    const held = options.policies.hold({
      sessionKey,
      intent,
      ...this.#times(),
      random: options.limits?.breaker ? clock.random() : 0,
      depth: depthOf(wake, session),
      session: session.tally,
      agent: this.#agent(sessionKey),
      runMs: options.runTimeoutMs + options.abortGraceMs,
    });
    if (held === null) return null;
    const facts = { wakeId, reason: held.reason, dueAtMs: held.untilMs };
    return { type: "wake.held", sessionKey, facts, body: null };
  }

  /** The same for one that is held: null when it is held until the same moment. Where nothing holds it any more, it is due. */
  holdAnew(wake: Wake, session: SessionContext): HeldDraft | null {
    const { sessionKey, wakeId, dueAtMs, hold: reason = "quiet-hours" } = wake;
    const due = { wakeId, reason, dueAtMs: this.#parts.clock.nowMs() };
    const held = this.hold(wake, session) ?? { type: "wake.held", sessionKey, facts: due, body: null };
    return held.facts.dueAtMs === dueAtMs ? null : held;
  }

  /** What is written down with the start of a run, so that it counts. */
  startFacts(wake: Wake, session: SessionContext) {
    const { options } = this.#parts;
    const counts = this.#counts(wake.sessionKey);
    const depth = depthOf(wake, session);
    return {
      ...(depth > 0 && { depth }),
      ...(counts && { limits: { agent: options.agentOf(wake.sessionKey), ...counts } }),
    };
  }

  /** The agent whose limits count the session's runs. */
  endFacts(sessionKey: string): { readonly agent?: string } {
    const { options } = this.#parts;
    const counts = options.policies?.counts(this.#times());
    return counts === undefined ? {} : { agent: options.agentOf(sessionKey) };
  }

  /** The day for which counts what a run says now that it has used. */
  usageFacts(sessionKey: string): { readonly dayEndsAtMs?: number } {
    const { dayEndsAtMs } = this.#counts(sessionKey) ?? {};
    return dayEndsAtMs === undefined ? {} : { dayEndsAtMs };
  }

  /** Until when an agent rests that has just refused; null when nothing makes it rest. */
  restUntilMs(sessionKey: string): number | null {
    const { clock, options } = this.#parts;
    const breaker = options.limits?.breaker;
    if (!breaker) return null;
    const nowMs = clock.nowMs();
    const { untilMs = 0, openings = 0 } = this.#agent(sessionKey)?.breaker ?? {};
    if (untilMs > nowMs) return untilMs;
    return nowMs + backoffMs(openings + 1, breaker, clock.random());
  }

  #counts(sessionKey: string) {
    const begunDay = () => this.#agent(sessionKey).tally?.day?.endsAtMs;
    return this.#parts.options.policies?.counts(this.#times(), begunDay);
  }

  /** The wall clock first: a moment later, and a hold would end a moment before its time. */
  #times() {
    const wallMs = this.#wallMs();
    return { wallMs, nowMs: this.#parts.clock.nowMs() };
  }

  #agent(sessionKey: string) {
    const { world, options } = this.#parts;
    return world.agents.peek(options.agentOf(sessionKey)).actor.context;
  }
}

/** Something from outside in what waits, and the chain of runs that cause each other is over. */
function depthOf({ cause }: Wake, { queue }: SessionContext): number {
  let depth = cause?.depth ?? 0;
  for (const event of queue) {
    if (depth === 0) return 0;
    depth = Math.min(depth, event.cause?.depth ?? 0);
  }
  return depth;
}
