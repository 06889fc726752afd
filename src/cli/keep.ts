import { resolve } from "node:path";
import type { Command } from "commander";
import { connect, dataFolderOf, type CommonOptions } from "./contact.ts";
import { show } from "./output.ts";
import { oneLine } from "./plain.ts";
import { subcommand } from "./subcommand.ts";

/** forget and backup: what is kept, and where. */
export function addKeep(program: Command): void {
  subcommand(program, "forget", "empty the queue of a session and erase its texts for good")
    .argument("<session>", "the session")
    .action(forget);
  subcommand(program, "backup", "write a consistent copy of the data into a new file")
    .argument("<file>", "where to; it must not be there yet")
    .action(backup);
}

async function forget(session: string, options: CommonOptions): Promise<void> {
  const heartbeat = connect(options);
  await show(options.json, await heartbeat.forget(session), ({ position }) => {
    return `forgotten: the texts of ${oneLine(session, 512)} are erased (position ${position})`;
  });
}

/** Read straight from the disk, beside a daemon that writes or without one: a copy of one moment either way. */
async function backup(file: string, options: CommonOptions): Promise<void> {
  const target = resolve(file);
  const { sqliteStore } = await import("../index.ts");
  using store = sqliteStore({ folder: dataFolderOf(options), readOnly: true });
  store.backup(target);
  await show(options.json, { file: target }, () => `backup written: ${target}`);
}
