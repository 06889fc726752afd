import type { LogRecord } from "../core/records.ts";
import { LubdubError } from "../errors.ts";
import type { Heartbeat } from "../index.ts";
import { connect, dataFolderOf, type CommonOptions } from "./contact.ts";

const PAGE = 1_000;

/** A log that can be read, wherever it lies. */
export interface LogSource extends AsyncDisposable {
  /** In order; only those of one session, if one is named. */
  records(options?: { readonly after?: number; readonly sessionKey?: string }): AsyncIterable<LogRecord>;
  /** The newest position. */
  head(): Promise<number>;
}

/**
 * The log of a data folder: asked of the daemon that runs on it, or, when none does, read from its files as they are now.
 * @throws LubdubError when there is neither
 */
export async function openLog(options: CommonOptions): Promise<LogSource> {
  try {
    const heartbeat = connect(options);
    await heartbeat.status();
    return sourceOf(heartbeat);
  } catch (error) {
    if (!(error instanceof LubdubError) || error.code !== "LUBDUB_DAEMON_UNREACHABLE") throw error;
    return stoppedLog(dataFolderOf(options));
  }
}

function sourceOf(heartbeat: Heartbeat): LogSource {
  return {
    async *records({ after = 0, sessionKey } = {}) {
      for (let at = after; ;) {
        const query = { after: at, limit: PAGE, ...(sessionKey === undefined ? {} : { sessionKey }) };
        const page: readonly LogRecord[] = await heartbeat.read(query);
        yield* page;
        if (page.length < PAGE) return;
        at = page.at(-1)?.position ?? at;
      }
    },
    head: async () => (await heartbeat.status()).position,
    [Symbol.asyncDispose]: () => heartbeat.close(),
  };
}

async function stoppedLog(folder: string): Promise<LogSource> {
  const { sqliteStore } = await import("../index.ts");
  const store = sqliteStore({ folder, readOnly: true });
  return {
    async *records({ after = 0, sessionKey } = {}) {
      for (const record of store.read({ after })) {
        if (sessionKey === undefined || record.sessionKey === sessionKey) yield record;
      }
    },
    head: async () => store.head().position,
    [Symbol.asyncDispose]: async () => store.close(),
  };
}
