import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseHistory } from "./history.ts";
import { runChild } from "./spawn.ts";

/** One thing that a process did to the disk, or said. */
export type Operation =
  | { readonly op: "write"; readonly file: string; readonly offset: number; readonly bytes: Buffer }
  | { readonly op: "truncate"; readonly file: string; readonly size: number }
  | { readonly op: "sync"; readonly file: string }
  | { readonly op: "unlink"; readonly file: string }
  /** A process began: what the one before it wrote and did not sync is read by it, and may still be lost. */
  | { readonly op: "begin" }
  /** From here on this position is promised: it was acknowledged, or told to a listener. */
  | { readonly op: "promise"; readonly position: number };

const RECORDER = fileURLToPath(new URL("recorder.c", import.meta.url));
const PRAGMAS = new URL("pragmas.ts", import.meta.url).href;

/** Why nothing can be recorded here. */
export function recorderMissing(): string | undefined {
  if (process.platform !== "linux") return "recording needs Linux";
  try {
    execFileSync("gcc", ["--version"], { stdio: "ignore" });
    return undefined;
  } catch {
    return "recording needs a C compiler: apt-get install gcc libc6-dev";
  }
}

/** Where Debian's package puts the library that makes `fsync` do nothing. */
const EATMYDATA = ["x86_64", "aarch64"].map((cpu) => `/usr/lib/${cpu}-linux-gnu/libeatmydata.so`);
const eatMyData = (): string | undefined => EATMYDATA.find((file) => existsSync(file));

/** Why the control that does not sync cannot run here. */
export function eatMyDataMissing(): string | undefined {
  return eatMyData() === undefined
    ? "a negative control needs libeatmydata: apt-get install libeatmydata1"
    : undefined;
}

/** How the process is made to write: as it is, as SQLite does by default in WAL, or with syncs that do nothing. */
export type Writing = "FULL" | "NORMAL" | "eatmydata";

/** The first commits of a process make the tables; the load is well under way by this sync of the WAL. */
const KILL_AFTER_SYNCS = 40;
const KILL_WITHIN_SYNCS = 40;

/** A control syncs too seldom, or so that nobody sees it, to be killed at a sync. */
const KILL_CONTROL = { after: "open", delayMs: 200 } as const;

/**
 * What the real process did under load: begun again once, and ended. The first one is killed when it has written a commit and not
 * synced it: the second one reads that commit all the same. Of a control it is killed at any moment.
 */
export async function recordLoad(seed: number, bursts: number, writing: Writing): Promise<Operation[]> {
  const killAt = KILL_AFTER_SYNCS + (seed % KILL_WITHIN_SYNCS);
  const folder = mkdtempSync(join(tmpdir(), "lubdub-record-"));
  try {
    const library = join(folder, "recorder.so");
    const record = join(folder, "record");
    execFileSync("gcc", ["-O1", "-shared", "-fPIC", "-o", library, RECORDER, "-ldl", "-lpthread"]);
    // The first one named is asked first: what it swallows the recorder never sees.
    const preload = writing === "eatmydata" ? `${eatMyData() ?? ""}:${library}` : library;
    const synchronous = writing === "NORMAL" ? "NORMAL" : "FULL";
    const env = { LD_PRELOAD: preload, RECORD_FILE: record, LUBDUB_SYNCHRONOUS: synchronous };
    const load = { execArgv: ["--import", PRAGMAS], env };
    const death =
      writing === "FULL" ? { env: { ...env, RECORD_KILL_AT: String(killAt) } } : { kill: KILL_CONTROL };
    await runChild(folder, { ...load, ...death, process: 2 * seed, mode: "load" });
    const { code, stderr } = await runChild(folder, { ...load, process: 2 * seed + 1, mode: bursts });
    if (code !== 0) throw new Error(`Expected the recorded process to end with 0; got ${code}: ${stderr}`);
    return parseRecording(readFileSync(record));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const NEWLINE = 10;

function parseRecording(record: Buffer): Operation[] {
  const operations: Operation[] = [];
  for (let at = 0; at < record.length;) {
    const end = record.indexOf(NEWLINE, at);
    const [op = "", file = "", offset = "", length = ""] = record.toString("utf8", at, end).split(" ");
    const bytes = record.subarray(end + 1, end + 1 + Number(length));
    at = end + 1 + Number(length);
    if (op === "write") operations.push({ op, file, offset: Number(offset), bytes });
    else if (op === "truncate") operations.push({ op, file, size: Number(offset) });
    else if (op === "sync" || op === "unlink") operations.push({ op, file });
    else if (op === "note") operations.push(...said(bytes.toString()));
    else throw new Error(`Expected an operation in the recording; got "${op}".`);
  }
  return operations;
}

function said(text: string): Operation[] {
  return parseHistory(text).flatMap((entry): Operation[] => {
    if (entry.type === "started") return [{ op: "begin" }];
    return entry.type === "acked" || entry.type === "ended"
      ? [{ op: "promise", position: entry.position }]
      : [];
  });
}
