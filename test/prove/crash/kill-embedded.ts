import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { verifyStore } from "../../../src/log/sqlite/index.ts";
import { mulberry32 } from "../../support/simulated-clock.ts";
import { checkHistory } from "./check-history.ts";
import { dataFolder, readHistory } from "./history.ts";
import { runChild } from "./spawn.ts";

/** So many of the kills meet the start: reading the log, and going on with what the process before left. */
const KILL_AT_START = 0.3;
const KILL_MS_MAX = 60;

export interface KillReport {
  readonly counts: Readonly<Record<string, number>>;
  readonly violations: readonly string[];
}

/** Kills a process that embeds Lubdub so many times over one folder, lets the last one end its work, and judges. */
export async function killEmbedded(
  seed: number,
  cycles: number,
  onCycle: () => void = () => {},
): Promise<KillReport> {
  const folder = mkdtempSync(join(tmpdir(), "lubdub-kill-"));
  const random = mulberry32(seed);
  const violations: string[] = [];
  for (let process = 1; process <= cycles; process++) {
    const kill = random() < KILL_AT_START ? "ready" : "open";
    const end = await runChild(folder, {
      process,
      mode: "load",
      kill: { after: kill, delayMs: random() * KILL_MS_MAX },
    });
    if (end.signal !== "SIGKILL")
      violations.push(`process ${process} did not start again: ${end.code} ${end.stderr}`);
    onCycle();
  }
  const last = await runChild(folder, { process: cycles + 1, mode: "drain" });
  if (last.code !== 0) violations.push(`the last process did not end well: ${last.code} ${last.stderr}`);
  const { violations: seen, ...counts } = checkHistory(readHistory(folder));
  const problems = verifyStore(dataFolder(folder)).problems.map(
    ({ code, detail }) => `S15 ${code} ${detail}`,
  );
  const all = [...violations, ...seen, ...problems];
  if (all.length === 0) rmSync(folder, { recursive: true });
  return {
    counts: { cycles, ...counts },
    violations: all.map((violation) => `${violation} (kept: ${folder})`),
  };
}
