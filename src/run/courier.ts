import { deliveryDeadlineOf } from "../core/deadline.ts";
import type { DeliveryEffect } from "../core/effects.ts";
import type { LogRecord } from "../core/records.ts";
import type { DeliveryEntry, World } from "../core/world.ts";
import type { ResolvedOptions } from "../options.ts";
import type { Clock } from "./clock.ts";
import { endOfTry, INTERRUPTED, triedOf, type EndedTry } from "./delivery-end.ts";
import type { Journal } from "./journal.ts";
import { Lines } from "./lines.ts";
import { timedCall, type TimedCall } from "./timed-call.ts";
import type { Waker } from "./waker.ts";

interface CourierParts {
  readonly world: World;
  readonly journal: Pick<Journal, "write" | "committed">;
  readonly waker: Waker;
  readonly clock: Clock;
  readonly options: Pick<ResolvedOptions, "deliver" | "delivery" | "abortGraceMs">;
  /** Told of a delivery that cannot be read. */
  readonly quarantine: (deliveryId: string, error: unknown) => void;
}

/**
 * Sends replies: one at a time to each destination, in order, so that a conversation stays one; bounded in all. It has its
 * own slots and its own alarms: whatever a target does, no run waits for it. What may happen is decided by the machine,
 * and written down before it happens.
 */
export class Courier {
  readonly #parts: CourierParts;
  readonly #lines = new Lines();
  /** The deadline that each line's alarm is set to. */
  readonly #alarmAtMs = new Map<string, number>();
  readonly #touched = new Set<string>();
  /** By delivery; null between the decision to send and its commit. */
  readonly #tries = new Map<string, TimedCall<unknown> | null>();
  /** By the record of its end: what it takes to judge a try again should that not be committed. */
  readonly #ends = new WeakMap<LogRecord, EndedTry>();
  readonly #unsettled: EndedTry[] = [];
  /** Ends that could not be written because something that they move cannot be read, by delivery. */
  readonly #unread = new Map<string, EndedTry>();
  readonly #onDrained: (() => void)[] = [];
  #stopped = false;

  constructor(parts: CourierParts) {
    this.#parts = parts;
  }

  get inFlight(): number {
    return this.#tries.size;
  }

  /** Deliveries on their way, also those that wait for their turn. */
  get open(): number {
    return this.#lines.size;
  }

  /** A record moved this delivery: look at it before the turn ends. */
  touched(deliveryId: string): void {
    this.#touched.add(deliveryId);
  }

  /** Takes up what the store holds: at the start, and after a failed commit. */
  recover(deliveryIds: Iterable<string>): void {
    this.#lines.clear();
    this.#alarmAtMs.clear();
    this.#parts.waker.clear();
    const entries: DeliveryEntry[] = [];
    for (const id of deliveryIds) this.#safely(id, () => entries.push(this.#parts.world.deliveries.peek(id)));
    for (const { key } of entries.sort(byEntry)) this.#touched.add(key);
  }

  /** Starts what is due, as part of the turn's commit. */
  startDue(): void {
    const { world, waker, clock } = this.#parts;
    for (const ended of this.#unsettled.splice(0)) this.#leaving(ended);
    for (;;) {
      for (const id of this.#touched) this.#safely(id, () => this.#lookAt(id));
      this.#touched.clear();
      if (!this.#maySend()) break;
      const alarm = waker.take(clock.nowMs());
      if (alarm === undefined) break;
      if (this.#alarmAtMs.get(alarm.key) !== alarm.dueAtMs) continue;
      this.#alarmAtMs.delete(alarm.key);
      const id = this.#lines.first(alarm.key);
      if (id !== undefined) this.#safely(id, () => this.#start(world.deliveries.get(id)));
    }
    if (this.#maySend()) waker.arm();
    else waker.disarm();
  }

  /** Begins a try whose start is committed. */
  begin({ deliveryId }: DeliveryEffect): void {
    const { world, clock, options } = this.#parts;
    const { deliver, delivery, abortGraceMs } = options;
    const { letter, attempts } = world.deliveries.get(deliveryId).actor.context;
    if (this.#tries.get(deliveryId) !== null || deliver === undefined || letter === null) return;
    const { destination: _destination, ...said } = letter;
    const { timeoutMs } = delivery;
    const call = (signal: AbortSignal): unknown =>
      deliver({ deliveryId, ...said, attempt: attempts, signal });
    const running = timedCall({ call, clock, timeoutMs, graceMs: abortGraceMs });
    this.#tries.set(deliveryId, running);
    void running.ended.then((end) => {
      if (this.#tries.get(deliveryId) !== running) return; // its start was lost with a failed commit
      this.#leaving({ deliveryId, tried: triedOf(end, timeoutMs), endedAtMs: clock.nowMs() });
      this.#look();
    });
  }

  /** Aborts what is being sent: it is sent again after the next start. */
  abort(why: string): void {
    for (const running of this.#tries.values()) running?.abort(why);
  }

  /** No new tries from now on. */
  stop(): void {
    this.#stopped = true;
    this.#unsettled.push(...this.#unread.values());
    this.#parts.waker.clear();
  }

  /** Resolves when nothing is being sent. */
  drained(): Promise<void> {
    if (this.#isDrained()) return Promise.resolve();
    return new Promise((resolve) => void this.#onDrained.push(resolve));
  }

  /** Forgets starts whose commit failed. */
  reset(): void {
    for (const [id, running] of this.#tries) if (running === null) this.#gone(id);
  }

  /** The ends of tries among these records were not committed: judges and writes them again with the next commit. */
  resettle(records: readonly LogRecord[]): void {
    for (const record of records) {
      const ended = this.#ends.get(record);
      if (ended === undefined) continue;
      this.#tries.set(ended.deliveryId, null);
      this.#unsettled.push(ended);
    }
  }

  /** Without a way to send, what is on its way waits for a start that has one. */
  #maySend(): boolean {
    const { deliver, delivery } = this.#parts.options;
    return deliver !== undefined && !this.#stopped && this.#tries.size < delivery.concurrency;
  }

  /** Puts it into its line, or takes it out, and sets the alarm for whose turn it is. */
  #lookAt(deliveryId: string): void {
    const { value, context } = this.#parts.world.deliveries.get(deliveryId).actor;
    const over = value === "ended" || value === "dead" || context.letter === null;
    const destination = over ? this.#lines.remove(deliveryId) : context.letter.destination;
    if (over) this.#unread.delete(deliveryId);
    if (destination === undefined) return;
    if (!over) this.#lines.add(deliveryId, destination);
    this.#arm(destination);
  }

  #arm(destination: string): void {
    const { world, waker } = this.#parts;
    const id = this.#lines.first(destination);
    // One that is in our hands is looked at when its try ends.
    const dueAtMs =
      id === undefined || this.#tries.has(id) ? null : deliveryDeadlineOf(world.deliveries.get(id).actor);
    if (dueAtMs === null) return void this.#alarmAtMs.delete(destination);
    if (this.#alarmAtMs.get(destination) === dueAtMs) return;
    this.#alarmAtMs.set(destination, dueAtMs);
    waker.set({ key: destination, dueAtMs });
  }

  #start({ key, actor }: DeliveryEntry): void {
    const { journal, clock } = this.#parts;
    if (actor.value === "sending") return this.#settleLeft(key);
    const { letter, attempts, expiresAtMs } = actor.context;
    const sessionKey = letter?.sessionKey ?? "";
    if (expiresAtMs <= clock.nowMs()) {
      const facts = { deliveryId: key, code: "LUBDUB_DELIVERY_EXPIRED" };
      return void journal.write({ type: "delivery.expired", sessionKey, facts, body: null });
    }
    const facts = { deliveryId: key, attempt: attempts + 1 };
    journal.write({ type: "delivery.started", sessionKey, facts, body: null });
    this.#tries.set(key, null);
  }

  #settle(ended: EndedTry): void {
    const { world, journal, clock, options } = this.#parts;
    const { value, context } = world.deliveries.get(ended.deliveryId).actor;
    if (value !== "sending") return; // its session was forgotten meanwhile
    const facts = { nowMs: clock.nowMs(), random: clock.random(), policy: options.delivery };
    this.#ends.set(journal.write(endOfTry(context, ended, facts)), ended);
  }

  /** A try that was left behind: by this process, which could not read something when it ended, or by one that is gone. */
  #settleLeft(deliveryId: string): void {
    const left = { deliveryId, tried: INTERRUPTED, endedAtMs: this.#parts.clock.nowMs() };
    this.#settle(this.#unread.get(deliveryId) ?? left);
    this.#unread.delete(deliveryId);
  }

  /** The last work of a try: whatever comes of it, it gives its slot back. */
  #leaving(ended: EndedTry): void {
    const { deliveryId } = ended;
    if (!this.#safely(deliveryId, () => this.#settle(ended))) this.#unread.set(deliveryId, ended);
    this.#gone(deliveryId);
  }

  #gone(deliveryId: string): void {
    this.#tries.delete(deliveryId);
    this.#touched.add(deliveryId);
    if (this.#onDrained.length > 0 && this.#isDrained()) {
      for (const resolve of this.#onDrained.splice(0)) resolve();
    }
  }

  /** A turn, to look at what has changed. */
  #look(): void {
    if (!this.#stopped) void this.#parts.journal.committed().catch(() => {});
  }

  /** An end that waits for room on the disk is no try that could be waited for. */
  #isDrained(): boolean {
    return [...this.#tries.values()].every((running) => running === null);
  }

  /** One that cannot be taken from the store is set aside: the others go on. @returns whether it could be read */
  #safely(deliveryId: string, work: () => void): boolean {
    try {
      work();
      return true;
    } catch (error) {
      this.#parts.quarantine(deliveryId, error);
      return false;
    }
  }
}

/** Only the first of a line has been tried; the newest record of any other is that of its entry into the line. */
function byEntry(a: DeliveryEntry, b: DeliveryEntry): number {
  return IN_LINE.indexOf(a.actor.value) - IN_LINE.indexOf(b.actor.value) || a.previous - b.previous;
}

/** States of what stands in a line, the foremost first. */
const IN_LINE = ["sending", "retrying", "pending"];
