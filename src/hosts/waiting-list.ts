import { setImmediate as nextTurn } from "node:timers/promises";
import type { WaitingPage } from "../api.ts";
import type { LogRecord } from "../core/records.ts";
import type { WaitingSession } from "../vocabulary.ts";
import { unlessDamaged } from "./damage.ts";
import type { Host } from "./host.ts";
import { storedWakes } from "./stored.ts";
import { summaryOf, whyNot } from "./views.ts";
import { comesBefore, FirstPlaces, placeOf, type Place } from "./waiting-place.ts";

/** What is remembered of a session: as little as the order and the counts need. */
interface Entry {
  /** null when nothing waits: it has dead letters. */
  readonly sinceMs: number | null;
  readonly running: boolean;
  readonly dead: number;
}

/** So long a step may hold up what else there is to do. */
const STEP_MS = 4;
/** The list is dropped when nobody has asked for it for so long. */
const KEPT_MS = 60_000;
const ALL = Number.MAX_SAFE_INTEGER;

/** The sessions that wait. It is made by a look through all lanes, in steps, and follows the log from then on. */
export class WaitingSessions {
  readonly #host: Host;
  readonly #entries = new Map<string, Entry>();
  /** Something happened there since its entry was made. */
  #stale = new Set<string>();
  readonly #totals = { waiting: 0, running: 0, dead: 0 };
  readonly #firstLook: Iterator<() => void, void> & Iterable<() => void>;
  #looked = 0;
  #working: Promise<void> | null = null;
  #askedAtMs: number;
  readonly #drop: () => void;
  #isDropped = false;

  constructor(host: Host, onDropped: () => void) {
    this.#host = host;
    this.#askedAtMs = host.clock.nowMs();
    this.#firstLook = this.#looks();
    const dropped = (): void => {
      this.#isDropped = true;
      onDropped();
    };
    const unsubscribe = host.subscribe((record) => this.#note(record), dropped);
    this.#drop = () => {
      unsubscribe();
      dropped();
    };
  }

  /** Takes in all that happened before the call, in steps that let others work. */
  async catchUp(): Promise<void> {
    this.#askedAtMs = this.#host.clock.nowMs();
    // What is going on may have passed over what happened last.
    await this.#working;
    this.#working ??= this.#work().finally(() => (this.#working = null));
    await this.#working;
  }

  /** As far as it was looked through by now. */
  page(after: Place | null, limit: number, match: string): WaitingPage {
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
    return { sessions, next, ...this.#totals, lookedThrough: this.#lookedThrough() };
  }

  /** The lanes that have a deadline or are live are about as many as there are looks in all. */
  #lookedThrough(): number {
    const { waker, world } = this.#host;
    const all = Math.max(waker.size, world.heartbeats.size) + world.sessions.size;
    return Math.min(this.#looked / Math.max(all, 1), 0.99);
  }

  #note({ sessionKey, atMs }: LogRecord): void {
    this.#stale.add(sessionKey);
    if (atMs - this.#askedAtMs >= KEPT_MS && this.#working === null) this.#drop();
  }

  async #work(): Promise<void> {
    const stale = this.#stale;
    this.#stale = new Set();
    try {
      await this.#inSteps(this.#looksAt(stale));
      await this.#inSteps(this.#firstLook);
    } catch (error) {
      this.#drop();
      throw error;
    }
  }

  async #inSteps(looks: Iterable<() => void>): Promise<void> {
    let until = performance.now() + STEP_MS;
    for (const look of looks) {
      unlessDamaged(look, () => {});
      this.#looked += 1;
      if (performance.now() < until) continue;
      await nextTurn();
      if (this.#isDropped) return;
      until = performance.now() + STEP_MS;
    }
  }

  *#looksAt(keys: Iterable<string>): Generator<() => void, void> {
    for (const key of keys) yield () => this.#look(key);
  }

  /**
   * Whatever waits has a deadline or a run, so the lanes lead to it; dead letters are found by themselves. There may be a million
   * lanes: what is live comes first, since something happened there lately.
   */
  *#looks(): Generator<() => void, void> {
    const { store, world } = this.#host;
    yield* this.#looksAt(world.sessions.keys());
    for (const lane of world.heartbeats.keys()) yield () => this.#lookAtLane(lane);
    yield* this.#looksAt(store.keys({ kind: "session", limit: ALL, withDeadLetters: true }));
    for (const { key: lane } of store.deadlines("heartbeat")) yield () => this.#lookAtLane(lane);
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
