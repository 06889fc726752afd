import { existsSync } from "node:fs";
import { resolve } from "node:path";
import type { Command } from "commander";
import { LubdubError } from "../errors.ts";
import { connect, dataFolderOf, type CommonOptions } from "./contact.ts";
import { show } from "./output.ts";
import { oneLine } from "./plain.ts";
import { during, progress } from "./progress.ts";
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

async function backup(file: string, options: CommonOptions): Promise<void> {
  const target = resolve(file);
  using bar = progress("writing the backup");
  await during(write(target, options), bar);
  bar.clear();
  await show(options.json, { file: target }, () => `backup written: ${target}`);
}

async function write(target: string, options: CommonOptions): Promise<void> {
  if (!(await backupByDaemon(target, options))) await backupDirectly(target, dataFolderOf(options));
}

/** @returns false when no daemon is there to do it */
async function backupByDaemon(target: string, options: CommonOptions): Promise<boolean> {
  try {
    await connect(options).backup(target);
    return true;
  } catch (error) {
    if (error instanceof LubdubError && error.code === "LUBDUB_DAEMON_UNREACHABLE") return false;
    throw error;
  }
}

async function backupDirectly(target: string, folder: string): Promise<void> {
  if (!existsSync(folder)) {
    throw new LubdubError("LUBDUB_NOT_FOUND", {
      expected: `data in ${folder}`,
      got: "no such folder",
      fix: "Name the right one with --data.",
    });
  }
  const { sqliteStore } = await import("../index.ts");
  using store = sqliteStore({ folder });
  await store.backup(target);
}
