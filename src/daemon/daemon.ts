import { join } from "node:path";
import { LANES } from "../config/lane.ts";
import type { LoadedConfig } from "../config/load.ts";
import { deliverOf } from "../config/deliver.ts";
import { unreachable } from "../config/reach.ts";
import { runOf } from "../config/run.ts";
import { makeToken } from "../config/token.ts";
import type { LubdubError } from "../errors.ts";
import { serveHttp } from "../http/index.ts";
import { createHeartbeat, sqliteStore, type Heartbeat, type RunHandler } from "../index.ts";
import { createInspector, type Inspector } from "../inspect/index.ts";
import { tidyRuns } from "./adopt.ts";
import { ensurePortIsFree } from "./port.ts";
import { announce, withdraw } from "./presence.ts";
import { syncSchedules } from "./schedules.ts";
import { takeIn } from "./spool.ts";
import { watchStore } from "./watch-store.ts";

export interface DaemonOptions {
  readonly config: LoadedConfig;
  readonly dataFolder: string;
  /** Show live actors to the Stately inspector. */
  readonly inspect: boolean;
  /** Where `console` agents print. */
  readonly writer: { write(text: string): unknown };
  /** Talk for the person who started it. */
  readonly say: (line: string) => void;
}

export interface Daemon {
  readonly url: string;
  readonly dataFolder: string;
  /** How long runs may take to end when it stops, in milliseconds. */
  readonly graceMs: number;
  readonly inspector: Inspector | null;
  /** Resolves with the cause when the store fails. */
  readonly failed: Promise<LubdubError>;
  /** Says on disk where it is, for the command line. Call it once signals are listened to: who reads it may send one. */
  announce(): void;
  /** Stops in order. */
  close(): Promise<void>;
  /** Takes down the announcement, and nothing else: for a process that ends now. */
  leave(): void;
}

/** How often the spool is looked at for what a watcher could not hand over. */
const SPOOL_LOOK_MS = 60_000;

/**
 * Puts the daemon together. Each part is given back in the opposite order, at the end and when a later one fails.
 * @throws LubdubError when the data belongs to another daemon, the port is in use, the token is wide open, ...
 */
export async function startDaemon(options: DaemonOptions): Promise<Daemon> {
  const { config, dataFolder, writer, say } = options;
  const { host, port, shutdownGraceMs: graceMs } = config;
  await using parts = new AsyncDisposableStack();
  const { promise: failed, resolve: fail } = Promise.withResolvers<LubdubError>();
  const store = parts.use(sqliteStore({ folder: dataFolder }));
  const token = makeToken(dataFolder);
  await ensurePortIsFree({ host, port });
  const run = await runOf(config, { writer });
  const deliver = await deliverOf(config);
  const inspector = options.inspect ? parts.use(await createInspector({ token })) : null;
  const watched = watchStore(store, (cause) => fail(cause));
  const heartbeat = createHeartbeat({
    ...settingsOf(config, run),
    ...(deliver && { deliver }),
    store: watched,
    ...(inspector && { inspect: inspector }),
  });
  parts.defer(() => heartbeat.close({ graceMs }));
  await syncSchedules(heartbeat, config, Date.now());
  const http = await serveHttp({ heartbeat, token, host, port, backupFolder: join(dataFolder, "backups") });
  parts.defer(() => http.close());
  const leave = (): void => withdraw(dataFolder, process.pid);
  parts.defer(leave);
  parts.use(lookAfterRuns(heartbeat, dataFolder, say));
  parts.use(tellUnreachable(config, say));
  const taken = parts.move();
  return {
    url: http.url,
    dataFolder,
    graceMs,
    inspector,
    failed,
    announce: () => announce(dataFolder, { pid: process.pid, url: http.url, startedAtMs: Date.now() }),
    async close() {
      // Callers are still answered while runs end; what is new is refused with a reason.
      await heartbeat.close({ graceMs });
      await taken.disposeAsync();
    },
    leave,
  };
}

function settingsOf(config: LoadedConfig, run: RunHandler) {
  const { concurrency, coalesceMs, queueMax, runTimeoutMs, maxAttempts, laneOf, limits } = config;
  const { delivery } = config;
  const times = { coalesceMs, runTimeoutMs, delivery };
  return { run, concurrency, queueMax, maxAttempts, limits, laneOf: LANES[laneOf], ...times };
}

/** What is down now may come back: the daemon goes on, and nothing is lost meanwhile. But it is said now, not when it is first needed. */
function tellUnreachable(config: LoadedConfig, say: (line: string) => void): Disposable {
  const stop = new AbortController();
  void unreachable(config, stop.signal).then((problems) => {
    if (stop.signal.aborted) return;
    for (const { message } of problems) say(`Not ready yet: ${message}`);
  });
  return { [Symbol.dispose]: () => stop.abort() };
}

/** Takes in the ends of background commands: now, and later for a watcher that could not reach the daemon. */
function lookAfterRuns(heartbeat: Heartbeat, dataFolder: string, say: (line: string) => void): Disposable {
  const look = async (): Promise<void> => {
    try {
      tidyRuns(dataFolder, Date.now(), say);
      const taken = await takeIn(heartbeat, dataFolder, say);
      if (taken > 0)
        say(`Ends of background commands that were kept on disk: ${taken}. Their sessions are woken.`);
    } catch (error) {
      // What is on disk stays there, and is looked at again.
      say(
        `The background commands could not be looked after: ${error instanceof Error ? error.message : String(error)}`,
      );
    }
  };
  void look();
  const timer = setInterval(() => void look(), SPOOL_LOOK_MS).unref();
  return { [Symbol.dispose]: () => clearInterval(timer) };
}
