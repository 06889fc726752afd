import { setImmediate as nextTurn } from "node:timers/promises";
import type { WaitingPage, WaitingPageOptions } from "../api.ts";
import type { LogRecord } from "../core/records.ts";
import { LubdubError, shown } from "../errors.ts";
import type { WaitingSession } from "../vocabulary.ts";
import { unlessDamaged } from "./damage.ts";
import type { Host } from "./host.ts";
import { storedWakes } from "./stored.ts";
import { checkRange, summaryOf, whyNot } from "./views.ts";
import { comesBefore, placeOf, readPlace, FirstPlaces, type Place } from "./waiting-place.ts";

export interface WaitingList {
  page(options?: WaitingPageOptions): Promise<WaitingPage>;
}

/** What is remembered of a session: as little as the order and the counts need. */
interface Entry {
  /** null when nothing waits: it has dead letters. */
  readonly sinceMs: number | null;
  readonly running: boolean;
  readonly dead: number;
}

/** So long a step of the first look may hold up what else there is to do. */
const STEP_MS = 4;
/** The list is dropped when nobody has asked for it for so long. */
const KEPT_MS = 60_000;
const ALL = Number.MAX_SAFE_INTEGER;

/**
 * The sessions that wait, in order of how long. While nobody asks there is no list: a heartbeat that nobody looks at pays nothing
 * for it. Once asked, it follows the log.
 */
export function createWaitingList(host: Host): WaitingList {
  let list: Promise<List> | null = null;
  const ask = (): Promise<List> => {
    list ??= List.of(host, () => (list = null));
    return list;
  };
  return {
    async page({ after, limit = 100, match = "" } = {}) {
      host.guardRead();
      checkRange("limit", limit, 1, 1_000);
      const from = after === undefined ? null : readPlace(after);
      if (from === undefined) throw noPlace(after);
      const found = await ask();
      host.guardRead();
      return found.page(from, limit, match);
    },
  };
}

class List {
  readonly #host: Host;
  readonly #entries = new Map<string, Entry>();
  /** Something happened there since its entry was made. */
  readonly #stale = new Set<string>();
  readonly #totals = { waiting: 0, running: 0, dead: 0 };
  #askedAtMs: number;

  private constructor(host: Host) {
    this.#host = host;
    this.#askedAtMs = host.clock.nowMs();
  }

  static async of(host: Host, onDropped: () => void): Promise<List> {
    const list = new List(host);
    const unsubscribe = host.subscribe((record) => {
      if (list.#noted(record)) return;
      unsubscribe();
      onDropped();
    }, onDropped);
    try {
      await list.#lookThrough();
    } catch (error) {
      unsubscribe();
      onDropped();
      throw error;
    }
    return list;
  }

  page(after: Place | null, limit: number, match: string): WaitingPage {
    this.#askedAtMs = this.#host.clock.nowMs();
    for (const key of this.#stale) this.#look(key);
    this.#stale.clear();
    const first = new FirstPlaces(limit + 1);
    for (const [sessionKey, { sinceMs }] of this.#entries) {
      if (sinceMs === null || !sessionKey.includes(match)) continue;
      const place = { sinceMs, sessionKey };
      if (after === null || comesBefore(after, place)) first.offer(place);
    }
    const places = first.inOrder.slice(0, limit);
    const last = places.at(-1);
    const next = first.inOrder.length > limit && last !== undefined ? placeOf(last) : null;
    const sessions = places.flatMap((place) => this.#session(place) ?? []);
    return { sessions, next, ...this.#totals };
  }

  /** @returns false when it is kept no longer */
  #noted({ sessionKey, atMs }: LogRecord): boolean {
    this.#stale.add(sessionKey);
    return atMs - this.#askedAtMs < KEPT_MS;
  }

  /** In steps: there may be a million. What changes meanwhile is looked at again. */
  async #lookThrough(): Promise<void> {
    let until = performance.now() + STEP_MS;
    for (const look of this.#looks()) {
      unlessDamaged(look, () => {});
      if (performance.now() < until) continue;
      await nextTurn();
      if (this.#host.state === "closed") return;
      until = performance.now() + STEP_MS;
    }
  }

  /** Whatever waits has a deadline or a run, so the lanes lead to it; dead letters are found by themselves. */
  *#looks(): Generator<() => void> {
    const { store, world } = this.#host;
    for (const lane of world.heartbeats.keys()) yield () => this.#lookAtLane(lane);
    for (const { key: lane } of store.deadlines("heartbeat")) {
      if (!world.heartbeats.has(lane)) yield () => this.#lookAtLane(lane);
    }
    for (const key of store.keys({ kind: "session", limit: ALL, withDeadLetters: true }))
      yield () => this.#look(key);
    for (const key of world.sessions.keys()) yield () => this.#look(key);
  }

  #lookAtLane(lane: string): void {
    const { store, world } = this.#host;
    const live = world.heartbeats.get(lane)?.actor.context;
    const run = live?.run ?? null;
    const wakes =
      live === undefined ? storedWakes(store, lane) : [...(run === null ? [] : [run.wake]), ...live.pending];
    for (const { sessionKey, requestedAtMs: sinceMs } of wakes) {
      if (!this.#entries.has(sessionKey))
        this.#set(sessionKey, { sinceMs, running: run?.wake.sessionKey === sessionKey, dead: 0 });
    }
  }

  /** Brings its entry up to date. */
  #look(key: string): void {
    this.#set(
      key,
      unlessDamaged(
        () => this.#entryOf(key),
        () => {},
      ),
    );
  }

  #set(key: string, entry: Entry | undefined): void {
    this.#count(this.#entries.get(key), -1);
    this.#count(entry, 1);
    if (entry === undefined) this.#entries.delete(key);
    else this.#entries.set(key, entry);
  }

  #entryOf(key: string): Entry | undefined {
    const { world } = this.#host;
    const { actor, lane } = world.peekSession(key);
    const { dead } = actor.context;
    const { pending, run } = world.peekHeartbeat(lane).actor.context;
    const running = run?.wake.sessionKey === key;
    const sinceMs = (running ? run.wake : pending.get(key))?.requestedAtMs ?? null;
    return sinceMs === null && dead.length === 0 ? undefined : { sinceMs, running, dead: dead.length };
  }

  #count(entry: Entry | undefined, by: 1 | -1): void {
    if (entry === undefined) return;
    this.#totals.waiting += entry.sinceMs === null ? 0 : by;
    this.#totals.running += entry.running ? by : 0;
    this.#totals.dead += entry.dead * by;
  }

  #session({ sessionKey, sinceMs }: Place): WaitingSession | undefined {
    const host = this.#host;
    return unlessDamaged(
      () => ({
        ...summaryOf(host, host.world.peekSession(sessionKey)),
        sinceMs,
        why: whyNot(host, sessionKey),
      }),
      () => {},
    );
  }
}

function noPlace(after: string | undefined): LubdubError {
  return new LubdubError("LUBDUB_INPUT_INVALID", {
    expected: "`after` to be `next` of an earlier page",
    got: shown(after),
  });
}
