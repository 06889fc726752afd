import { setImmediate } from "node:timers/promises";
import type * as lubdub from "../src/index.ts";
import type { ActorObserver } from "../src/inspect/index.ts";
import { benchFolder } from "./folders.ts";
import { timed, type Round } from "./statistics.ts";

/** The library under test: as it is, or with another `src/core/actor.ts`. */
export type Library = Pick<typeof lubdub, "createHeartbeat" | "sqliteStore">;

/** What a background command says when it ends. */
export const TEXT =
  "Command `npm test` ended with exit code 0 after 12.4 s. Last line: 1042 passed, 0 failed.";

export const sessionKeys = (count: number): readonly string[] =>
  Array.from({ length: count }, (_, at) => `agent:main:discord:channel:${at}`);

export interface Throughput {
  readonly events: number;
  readonly sessions: number;
  /** Calls that wait for their answer at any time. */
  readonly inFlight: number;
  readonly concurrency: number;
  readonly inspect?: ActorObserver;
}

/**
 * One call per event; a caller sends its next event when the last one was accepted, that is, synced to disk. The round ends
 * when the last event is acknowledged, and that is on the disk too.
 */
export async function throughput(library: Library, load: Throughput): Promise<Round & { runs: number }> {
  using folder = benchFolder();
  const keys = sessionKeys(load.sessions);
  await using heartbeat = library.createHeartbeat({
    store: library.sqliteStore({ folder: folder.path }),
    run: () => ({ status: "ran" }),
    coalesceMs: 0,
    concurrency: load.concurrency,
    ...(load.inspect === undefined ? {} : { inspect: load.inspect }),
  });
  const { promise: allAcked, resolve } = Promise.withResolvers<void>();
  let acked = 0;
  let runs = 0;
  heartbeat.subscribe((record) => {
    if (record.type !== "run.ran") return;
    runs += 1;
    acked += record.facts.eventIds.length;
    if (acked >= load.events) resolve();
  });
  let sent = 0;
  const caller = async (): Promise<void> => {
    while (sent < load.events) {
      const sessionKey = keys[sent++ % keys.length] as string;
      await heartbeat.wake(TEXT, { sessionKey, source: "exec-event" });
    }
  };
  const round = await timed(load.events, async () => {
    await Promise.all(Array.from({ length: load.inFlight }, caller));
    await allAcked;
  });
  if (acked !== load.events) throw new Error(`${load.events} events were sent, ${acked} acknowledged`);
  return { ...round, runs };
}

/** Milliseconds from the call to the handler, one event at a time: the next is sent when the last one is settled. */
export async function latencies(library: Library, count: number): Promise<number[]> {
  using folder = benchFolder();
  let calledAtMs = 0;
  await using heartbeat = library.createHeartbeat({
    store: library.sqliteStore({ folder: folder.path }),
    run() {
      calledAtMs = performance.now();
      return { status: "ran" };
    },
    coalesceMs: 0,
  });
  let settled = (): void => {};
  heartbeat.subscribe(({ type }) => {
    if (type === "run.ran") settled();
  });
  const found: number[] = [];
  for (const sessionKey of sessionKeys(count)) {
    const { promise, resolve } = Promise.withResolvers<void>();
    settled = resolve;
    const startMs = performance.now();
    await heartbeat.wake(TEXT, { sessionKey });
    await promise;
    found.push(calledAtMs - startMs);
    await setImmediate();
  }
  return found;
}

/** Milliseconds from the first of `count` wakes, all sent at once to sessions of their own, to the last handler called. */
export async function burst(library: Library, count: number, concurrency: number): Promise<number> {
  using folder = benchFolder();
  const { promise: allCalled, resolve } = Promise.withResolvers<void>();
  let called = 0;
  await using heartbeat = library.createHeartbeat({
    store: library.sqliteStore({ folder: folder.path }),
    run() {
      called += 1;
      if (called === count) resolve();
      return { status: "ran" };
    },
    coalesceMs: 0,
    concurrency,
  });
  const keys = sessionKeys(count);
  (globalThis as { gc?: () => void }).gc?.();
  const startMs = performance.now();
  const accepted = Promise.all(keys.map((sessionKey) => heartbeat.wake(TEXT, { sessionKey })));
  await Promise.all([accepted, allCalled]);
  return performance.now() - startMs;
}
