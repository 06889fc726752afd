import { connect as connectClient } from "../client/index.ts";
import { dataFolder } from "../config/folder.ts";
import { readToken } from "../config/token.ts";
import { isAlive, presenceIn, type Presence } from "../daemon/presence.ts";
import { LubdubError } from "../errors.ts";
import type { Heartbeat } from "../index.ts";

/** What every command understands. */
export interface CommonOptions {
  readonly json?: boolean;
  readonly data?: string;
}

export function dataFolderOf({ data }: CommonOptions): string {
  return dataFolder(data);
}

/** @throws LubdubError `LUBDUB_DAEMON_UNREACHABLE` when none announced itself for this data, or it is dead */
export function daemonOf(folder: string): Presence {
  const presence = presenceIn(folder);
  if (presence !== undefined && isAlive(presence.pid)) return presence;
  throw new LubdubError("LUBDUB_DAEMON_UNREACHABLE", {
    expected: `a daemon on the data in ${folder}`,
    got: presence === undefined ? "none" : `one that is gone (process ${presence.pid})`,
    fix: "Start it: lubdub up (or name its data folder with --data).",
  });
}

/** The daemon of a data folder. @throws LubdubError also when its token is missing or wide open */
export function connectTo(folder: string): Heartbeat {
  const { url } = daemonOf(folder);
  return connectClient({ url, token: readToken(folder) });
}

export function connect(options: CommonOptions): Heartbeat {
  return connectTo(dataFolderOf(options));
}
