import { passes, type Hold, type Intent } from "./intents.ts";
import { find, first, insert, remove, sizeOf, values, type Tree } from "./tree.ts";

/**
 * What a wake waits for: `window` the end of coalescing; `idle` a busy agent (the idle signal ends it early);
 * `backoff` the pause after a failure; `hold` the moment until which a policy holds it back.
 */
export type WaitsFor = "window" | "idle" | "backoff" | "hold";

/** What one run does differently; it is over with the run. */
export interface Overrides {
  readonly model?: string;
  readonly timeoutMs?: number;
  readonly lightContext?: boolean;
  readonly isolated?: boolean;
}

/** Which run asked, and how long the chain of runs is that asked for each other. */
export interface Cause {
  readonly runId: string;
  readonly depth: number;
}

/** A request that a session be run. One per session; requests for the same session merge. */
export interface Wake {
  readonly sessionKey: string;
  /** That of the oldest request: it stays the same over all attempts. */
  readonly wakeId: string;
  readonly source: string;
  readonly intent: Intent;
  readonly reason: string;
  readonly requestedAtMs: number;
  /** It does not run before this moment. */
  readonly dueAtMs: number;
  readonly waitsFor: WaitsFor;
  /** Which policy holds it back; only with `waitsFor: "hold"`. */
  readonly hold?: Hold;
  /** Its gate was closed, or failed and counts as closed; only with `waitsFor: "idle"`. */
  readonly gate?: "closed" | "failed-closed";
  /** The run that asked for it, and how many runs in a row asked for each other; absent when it comes from outside. */
  readonly cause?: Cause;
  /** Runs that failed so far. */
  readonly attempts: number;
  /** Busy answers so far, since the last failure. */
  readonly postponements: number;
  readonly overrides?: Overrides;
}

/** Lower goes first ... */
const RANK: Readonly<Record<Intent, 0 | 1 | 2>> = {
  manual: 0,
  immediate: 0,
  event: 1,
  task: 1,
  scheduled: 2,
};
/** ... unless a wake of the next rank has waited this much longer: so no wake starves. */
export const RANK_HEAD_START_MS = 60_000;

const byKey = (a: Wake, b: Wake): number => compareText(a.sessionKey, b.sessionKey);
const byDue = (a: Wake, b: Wake): number => a.dueAtMs - b.dueAtMs || compareText(a.sessionKey, b.sessionKey);

type Queues = readonly [Tree<Wake>, Tree<Wake>, Tree<Wake>];

/**
 * The pending wakes of a lane, keyed by session: never changed in place. Every operation is O(log n) in the number of
 * pending sessions. As JSON it is the list of its wakes by key.
 */
export class Pending {
  static readonly none: Pending = new Pending(null, [null, null, null], 0);

  readonly #wakes: Tree<Wake>;
  /** By rank, each ordered by deadline. */
  readonly #queues: Queues;
  /** How many wait for an idle agent or a backoff. */
  readonly waiting: number;

  private constructor(wakes: Tree<Wake>, queues: Queues, waiting: number) {
    this.#wakes = wakes;
    this.#queues = queues;
    this.waiting = waiting;
  }

  static of(wakes: Iterable<Wake>): Pending {
    let pending = Pending.none;
    for (const wake of wakes) pending = pending.with(wake);
    return pending;
  }

  get size(): number {
    return sizeOf(this.#wakes);
  }

  get(sessionKey: string): Wake | undefined {
    return find(this.#wakes, { sessionKey } as Wake, byKey);
  }

  /** With this wake in the place of its session's. */
  with(wake: Wake): Pending {
    const old = this.get(wake.sessionKey);
    const cleared = old === undefined ? this.#queues : requeue(this.#queues, old, remove);
    const waiting = this.waiting - (old === undefined ? 0 : waits(old)) + waits(wake);
    return new Pending(insert(this.#wakes, wake, byKey), requeue(cleared, wake, insert), waiting);
  }

  without(sessionKey: string): Pending {
    const old = this.get(sessionKey);
    if (old === undefined) return this;
    if (this.size === 1) return Pending.none;
    const wakes = remove(this.#wakes, old, byKey);
    return new Pending(wakes, requeue(this.#queues, old, remove), this.waiting - waits(old));
  }

  /** The wake to run at `nowMs`: of those due, by rank, then by age. */
  next(nowMs: number): Wake | undefined {
    let best: Wake | undefined;
    for (const queue of this.#queues) {
      const wake = first(queue);
      if (wake === undefined || wake.dueAtMs > nowMs) continue;
      if (best === undefined || order(wake) < order(best)) best = wake;
    }
    return best;
  }

  /** The earliest deadline; null when nothing is pending. */
  get dueAtMs(): number | null {
    let due: number | null = null;
    for (const queue of this.#queues) {
      const wake = first(queue);
      if (wake !== undefined && (due === null || wake.dueAtMs < due)) due = wake.dueAtMs;
    }
    return due;
  }

  [Symbol.iterator](): Iterator<Wake> {
    return values(this.#wakes);
  }

  toJSON(): readonly Wake[] {
    return [...this];
  }
}

/**
 * Two requests for one session become one: the older one's id and age, the more urgent one's words and overrides (the later
 * one's if equal), the sooner deadline. A pause after busy or failure is a floor: only `manual` cuts a backoff short, only
 * `manual` and `immediate` a wait for idle. So is a hold: only a request that its policy does not concern cuts it short.
 * What either has been through counts on. A request that changes nothing leaves the very same wake.
 */
export function merge(pending: Wake, request: Wake): Wake {
  const louder = RANK[request.intent] <= RANK[pending.intent] ? request : pending;
  const breaks =
    pending.waitsFor === "window" ||
    request.intent === "manual" ||
    (request.intent === "immediate" && pending.waitsFor === "idle") ||
    (pending.hold !== undefined && passes(request.intent, pending.hold)) ||
    (pending.hold === "self-wake" && request.cause === undefined);
  const sooner = breaks && request.dueAtMs < pending.dueAtMs;
  const attempts = Math.max(pending.attempts, request.attempts);
  const postponements = Math.max(pending.postponements, request.postponements);
  const counts = attempts !== pending.attempts || postponements !== pending.postponements;
  const cause = nearer(pending.cause, request.cause);
  if (!sooner && !counts && cause === pending.cause && says(pending, louder)) return pending;
  const { overrides: _quieter, cause: _deeper, ...kept } = pending;
  return {
    ...(sooner ? unheld(kept) : kept),
    source: louder.source,
    intent: louder.intent,
    reason: louder.reason,
    dueAtMs: sooner ? request.dueAtMs : pending.dueAtMs,
    waitsFor: sooner ? "window" : pending.waitsFor,
    attempts,
    postponements,
    ...(louder.overrides === undefined ? {} : { overrides: louder.overrides }),
    ...(cause && { cause }),
  };
}

/** What comes from outside ends a chain of runs that ask for each other. */
const nearer = (a: Cause | undefined, b: Cause | undefined): Cause | undefined =>
  a === undefined || b === undefined ? undefined : b.depth < a.depth ? b : a;

/** The wake as it is when nothing holds it back (any more): neither a policy nor a gate. */
export function unheld(wake: Wake): Wake {
  if (wake.hold === undefined && wake.gate === undefined) return wake;
  const { hold: _hold, gate: _gate, ...rest } = wake;
  return rest;
}

const says = (a: Wake, b: Wake): boolean =>
  a.source === b.source &&
  a.intent === b.intent &&
  a.reason === b.reason &&
  sameOverrides(a.overrides, b.overrides);
const sameOverrides = (a: Overrides = {}, b: Overrides = {}): boolean =>
  a.model === b.model &&
  a.timeoutMs === b.timeoutMs &&
  a.lightContext === b.lightContext &&
  a.isolated === b.isolated;
const waits = (wake: Wake): 0 | 1 => (wake.waitsFor === "idle" || wake.waitsFor === "backoff" ? 1 : 0);
const order = (wake: Wake): number => wake.dueAtMs + RANK[wake.intent] * RANK_HEAD_START_MS;
const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

function requeue(queues: Queues, wake: Wake, change: typeof insert<Wake>): Queues {
  const rank = RANK[wake.intent];
  const changed = change(queues[rank], wake, byDue);
  return [
    rank === 0 ? changed : queues[0],
    rank === 1 ? changed : queues[1],
    rank === 2 ? changed : queues[2],
  ];
}
