import { describe, expect, test } from "vitest";
import type { Heartbeat } from "../../src/api.ts";
import type { LogRecord } from "../../src/core/records.ts";
import type { HeartbeatOptions } from "../../src/options.ts";
import type { Outcome, RunRequest } from "../../src/vocabulary.ts";
import { errorContract } from "./heartbeat-errors.ts";
import { pastContract } from "./heartbeat-past.ts";
import { scheduleContract } from "./heartbeat-schedules.ts";
import { waitingContract } from "./heartbeat-waiting.ts";

/** A started heartbeat with these options, however it is reached; disposing it ends everything behind it. */
export type OpenHeartbeat = (options: HeartbeatOptions) => Promise<OpenedHeartbeat>;
export interface OpenedHeartbeat extends AsyncDisposable {
  readonly heartbeat: Heartbeat;
}

const KEYS = ["agent:main:discord:channel:42", "a/b c%2Fd?e#f", "clé:✓:🫀", "A:b", "a:B"] as const;
const KEY = KEYS[0];

/** What every heartbeat must do, in process and over HTTP alike. */
export function heartbeatContract(name: string, open: OpenHeartbeat): void {
  const opened = (options: Partial<HeartbeatOptions> = {}): Promise<OpenedHeartbeat> =>
    open({ run: () => ({ status: "ran" }), coalesceMs: 0, ...options });

  describe(`${name}: events and wakes`, () => {
    test.each(KEYS)("an event for %j reaches its own session and no other", async (sessionKey) => {
      const runs: RunRequest[] = [];
      const run = (request: RunRequest): Outcome => {
        runs.push(request);
        return { status: "ran", reply: "done" };
      };
      await using it = await opened({ run });
      const options = {
        data: { exitCode: 0, nested: [null, { "": "ü" }] },
        source: "exec-event",
        reason: "ended",
        route: { channel: "42" },
        contextKey: "build",
        trust: "trusted",
      } as const;
      const accepted = await it.heartbeat.wake("npm test ended", { sessionKey, ...options });
      expect(accepted).toMatchObject({ sessionKey, position: 1, deduplicated: false });
      const receipt = await it.heartbeat.waitFor(accepted.eventId as string, "settled");
      expect(receipt).toMatchObject({
        sessionKey,
        state: "settled",
        settlement: "acked",
        wakeId: accepted.wakeId,
      });
      expect(runs).toHaveLength(1);
      expect(runs[0]).toMatchObject({
        sessionKey,
        wakeId: accepted.wakeId,
        attempt: 1,
        source: "exec-event",
      });
      const { intent: _intent, queuedAtMs: _at, ...event } = runs[0]?.events[0] ?? ({} as never);
      expect(event).toEqual({ ...ids(accepted), text: "npm test ended", ...options });
      expect((await it.heartbeat.sessions()).map((session) => session.sessionKey)).toEqual([sessionKey]);
    });

    test("an event that is only queued starts no run; peek shows it, drain takes it", async () => {
      await using it = await opened({ run: () => Promise.reject(new Error("must not run")) });
      const first = await it.heartbeat.enqueueSystemEvent("one", { sessionKey: KEY });
      await it.heartbeat.enqueueSystemEvent("two", { sessionKey: KEY });
      const texts = async (): Promise<string[]> =>
        (await it.heartbeat.peekSystemEvents(KEY)).map(({ text }) => text);
      expect(await texts()).toEqual(["one", "two"]);
      expect((await it.heartbeat.session(KEY)).queued).toBe(2);
      expect((await it.heartbeat.drainSystemEvents(KEY)).map(({ text }) => text)).toEqual(["one", "two"]);
      expect(await texts()).toEqual([]);
      expect(await it.heartbeat.receipt(first.eventId)).toMatchObject({ settlement: "drained" });
    });

    test("dedupe keys are compared byte for byte; 256 bytes is the limit, and no control character is taken", async () => {
      await using it = await opened();
      const send = (dedupeKey: string) => it.heartbeat.wake("done", { sessionKey: KEY, dedupeKey });
      const alike = ["a", " a", "a ", "A", "a\u00e9", "ae\u0301", "\u20ac".repeat(85)];
      for (const key of alike) expect(await send(key)).toMatchObject({ deduplicated: false });
      for (const key of alike) expect(await send(key)).toMatchObject({ deduplicated: true });
      for (const key of ["", "a\n", "\0", "\u0085", "a\ud800", "x".repeat(257), "\u20ac".repeat(86)])
        await expect(send(key)).rejects.toMatchObject({ code: "LUBDUB_INPUT_INVALID" });
    });

    test("the same dedupe key makes one event", async () => {
      await using it = await opened();
      const options = { sessionKey: KEY, dedupeKey: "build 7: ✓" };
      const first = await it.heartbeat.enqueueSystemEvent("once", options);
      const second = await it.heartbeat.enqueueSystemEvent("once", options);
      expect(second).toEqual({ ...first, deduplicated: true });
      expect(await it.heartbeat.peekSystemEvents(KEY)).toHaveLength(1);
    });

    test("a wake without an event runs with none", async () => {
      const events: number[] = [];
      await using it = await opened({
        run: (request) => (events.push(request.events.length), { status: "ran" }),
      });
      const { wakeId, eventId } = await it.heartbeat.requestHeartbeatNow({ sessionKey: KEY, reason: "look" });
      expect(eventId).toBeUndefined();
      expect(await it.heartbeat.waitFor(wakeId, "settled")).toMatchObject({
        state: "settled",
        sessionKey: KEY,
      });
      expect(events).toEqual([0]);
    });

    test.each<Outcome>([
      { status: "ran", reply: "hello" },
      { status: "skipped", reason: "requests-in-flight" },
      { status: "failed", reason: "no", retryable: false },
    ])("runHeartbeatOnce answers the run's outcome: $status", async (outcome) => {
      await using it = await opened({ run: () => outcome });
      await it.heartbeat.enqueueSystemEvent("x", { sessionKey: KEY });
      expect(await it.heartbeat.runHeartbeatOnce({ sessionKey: KEY })).toMatchObject({
        status: outcome.status,
      });
    });
  });

  describe(`${name}: turns`, () => {
    test("no run overlaps a turn; it starts when the turn ends", async () => {
      const order: string[] = [];
      await using it = await opened({ run: () => (order.push("run"), { status: "ran" }) });
      const accepted = await it.heartbeat.withTurn(KEY, async () => {
        const woken = await it.heartbeat.wake("during the turn", { sessionKey: KEY });
        expect(await it.heartbeat.isBusy(KEY)).toBe(true);
        expect((await it.heartbeat.why(KEY)).code).toBe("user-turn");
        order.push("turn");
        return woken;
      });
      await it.heartbeat.waitFor(accepted.eventId as string, "settled");
      expect(order).toEqual(["turn", "run"]);
      expect(await it.heartbeat.isBusy(KEY)).toBe(false);
    });

    test("a turn inside a turn of the same lane does not wait for itself", async () => {
      await using it = await opened();
      const inner = await it.heartbeat.withTurn(KEY, () => it.heartbeat.withTurn(KEY, () => "inner"));
      expect(inner).toBe("inner");
    });

    test("a turn that throws gives the lane back and passes its error on", async () => {
      await using it = await opened();
      const failing = it.heartbeat.withTurn(KEY, () => Promise.reject(new Error("mine")));
      await expect(failing).rejects.toThrow("mine");
      expect(await it.heartbeat.isBusy(KEY)).toBe(false);
    });

    test("waiting for a lane ends with the signal's reason", async () => {
      await using it = await opened();
      await using _held = await it.heartbeat.acquireTurn(KEY);
      const giveUp = new AbortController();
      const waiting = it.heartbeat.acquireTurn(KEY, { signal: giveUp.signal });
      giveUp.abort(new Error("enough"));
      await expect(waiting).rejects.toThrow("enough");
    });

    test("onIdle calls back once, when the lane is free", async () => {
      await using it = await opened();
      const lease = await it.heartbeat.acquireTurn(KEY);
      const { promise: idle, resolve } = Promise.withResolvers<void>();
      it.heartbeat.onIdle(KEY, resolve);
      lease.release();
      lease.release();
      await idle;
      expect(await it.heartbeat.isBusy(KEY)).toBe(false);
    });
  });

  describe(`${name}: dead letters`, () => {
    test("a failed event can be requeued, then dismissed", async () => {
      const outcomes: Outcome[] = [];
      const failed = { status: "failed", reason: "poison", retryable: false } as const;
      await using it = await opened({ run: () => outcomes.shift() ?? failed });
      const { heartbeat } = it;
      const { eventId } = (await heartbeat.wake("bad", { sessionKey: KEY })) as { eventId: string };
      const { eventId: other } = (await heartbeat.wake("bad too", { sessionKey: "other" })) as {
        eventId: string;
      };
      expect(await heartbeat.waitFor(eventId, "settled")).toMatchObject({ settlement: "dead", attempts: 1 });
      await heartbeat.waitFor(other, "settled");
      const dead = await heartbeat.deadLetters();
      expect(dead.map(({ event }) => event.eventId)).toEqual([eventId, other]);
      expect(dead[0]?.error.message).toContain("poison");

      outcomes.push({ status: "ran" });
      expect(await heartbeat.requeue(eventId)).toMatchObject({ sessionKey: KEY, eventId });
      expect(await heartbeat.waitFor(eventId, "settled")).toMatchObject({ settlement: "acked" });
      expect(await heartbeat.dismiss(other)).toEqual({
        sessionKey: "other",
        position: expect.any(Number) as number,
      });
      expect(await heartbeat.receipt(other)).toMatchObject({ settlement: "dismissed" });
      expect(await heartbeat.deadLetters()).toEqual([]);
    });
  });

  describe(`${name}: the log`, () => {
    test("a subscriber sees each record once and in order, as read gives them", async () => {
      await using it = await opened();
      const seen: LogRecord[] = [];
      const { promise: complete, resolve } = Promise.withResolvers<void>();
      const unsubscribe = it.heartbeat.subscribe((record) => {
        seen.push(record);
        if (seen.length === 30) resolve();
      });
      for (let n = 0; n < 10; n++) {
        const { eventId } = await it.heartbeat.wake(`event ${n}`, { sessionKey: `s${n % 3}` });
        await it.heartbeat.waitFor(eventId as string, "settled");
      }
      await complete;
      expect(seen.map(({ position }) => position)).toEqual(Array.from({ length: 30 }, (_, n) => n + 1));
      expect(seen).toEqual(await it.heartbeat.read());
      unsubscribe();
      await it.heartbeat.enqueueSystemEvent("unseen", { sessionKey: KEY });
      expect(seen).toHaveLength(30);
    });

    test("read pages and filters; stateAt tells any moment", async () => {
      await using it = await opened();
      for (const sessionKey of ["a", "b", "a"]) await it.heartbeat.enqueueSystemEvent("x", { sessionKey });
      const positions = async (...options: Parameters<Heartbeat["read"]>): Promise<number[]> =>
        (await it.heartbeat.read(...options)).map(({ position }) => position);
      expect(await positions()).toEqual([1, 2, 3]);
      expect(await positions({ after: 1, limit: 1 })).toEqual([2]);
      expect(await positions({ sessionKey: "a" })).toEqual([1, 3]);
      expect(await positions({ after: 3 })).toEqual([]);
      expect(await positions({ before: 3 })).toEqual([1, 2]);
      expect(await positions({ before: 99, limit: 2 })).toEqual([2, 3]);
      expect(await positions({ before: 3, after: 1 })).toEqual([2]);
      expect(await positions({ before: 1 })).toEqual([]);
      expect(await positions({ before: 4, limit: 1, sessionKey: "a" })).toEqual([3]);
      expect(await positions({ before: 3, limit: 9, sessionKey: "a" })).toEqual([1]);
      expect(await positions({ before: 3, sessionKey: "nobody" })).toEqual([]);
      expect(Object.keys((await it.heartbeat.stateAt(1)).sessions)).toEqual(["a"]);
      expect(Object.keys((await it.heartbeat.stateAt(3)).sessions)).toEqual(["a", "b"]);
    });

    test("sessions are paged by key", async () => {
      await using it = await opened();
      for (const sessionKey of ["c", "a", "b"]) await it.heartbeat.enqueueSystemEvent("x", { sessionKey });
      const keys = async (...page: Parameters<Heartbeat["sessions"]>): Promise<string[]> =>
        (await it.heartbeat.sessions(...page)).map(({ sessionKey }) => sessionKey);
      expect(await keys({ limit: 2 })).toEqual(["a", "b"]);
      expect(await keys({ after: "b" })).toEqual(["c"]);
    });

    test("forget erases texts and keeps ids", async () => {
      await using it = await opened();
      const { eventId } = await it.heartbeat.enqueueSystemEvent("secret", { sessionKey: KEY });
      expect(await it.heartbeat.forget(KEY)).toEqual({ sessionKey: KEY, position: 2 });
      expect(JSON.stringify(await it.heartbeat.read())).not.toContain("secret");
      expect(await it.heartbeat.peekSystemEvents(KEY)).toEqual([]);
      expect(await it.heartbeat.receipt(eventId as string)).toMatchObject({ settlement: "forgotten" });
    });

    test("status counts", async () => {
      await using it = await opened();
      await it.heartbeat.enqueueSystemEvent("x", { sessionKey: KEY });
      expect(await it.heartbeat.status()).toMatchObject({ state: "running", position: 1, runsInFlight: 0 });
    });
  });

  for (const part of [waitingContract, pastContract, scheduleContract, errorContract]) part(name, opened);
}

function ids({
  sessionKey,
  eventId,
  wakeId,
}: {
  sessionKey: string;
  eventId?: string;
  wakeId: string;
}): object {
  return { sessionKey, eventId, wakeId };
}
