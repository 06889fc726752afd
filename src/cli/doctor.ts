import { existsSync, lstatSync, statfsSync } from "node:fs";
import type { Command } from "commander";
import { presenceIn } from "../daemon/presence.ts";
import { loadConfig } from "../config/load.ts";
import { readToken } from "../config/token.ts";
import { setAside, waiting } from "../daemon/spool.ts";
import { spoolFolder } from "../daemon/exit-record.ts";
import { LubdubError } from "../errors.ts";
import { connect, dataFolderOf, type CommonOptions } from "./contact.ts";
import { EXIT } from "./exit-codes.ts";
import { paint, print, talk } from "./output.ts";
import { jsonLine, oneLine } from "./plain.ts";
import { progress } from "./progress.ts";
import { configOption, subcommand } from "./subcommand.ts";

/** One thing that was looked at. */
interface Finding {
  readonly check: string;
  readonly ok: boolean;
  readonly detail: string;
  /** What to do now. */
  readonly fix?: string;
}

interface DoctorOptions extends CommonOptions {
  readonly config?: string;
}

const NODE_MAJOR_MIN = 24;
const SQLITE_MIN = [3, 51, 3] as const;
const DISK_BYTES_MIN = 200 * 1024 * 1024;
const OTHERS = 0o077;

export function addDoctor(program: Command): void {
  subcommand(program, "doctor", "look for problems, and say what to do about them")
    .addOption(configOption())
    .action(doctor);
}

async function doctor(options: DoctorOptions): Promise<void> {
  const findings = [checkNode(), checkSqlite(), ...(await checkData(options))];
  for (const finding of findings)
    await print(options.json === true ? jsonLine(finding) : findingLine(finding));
  const problems = findings.filter(({ ok }) => !ok).length;
  if (problems === 0) return talk("No problem found.");
  talk(problems === 1 ? "1 problem found." : `${problems} problems found.`);
  process.exitCode = EXIT.failed;
}

function checkNode(): Finding {
  const ok = Number(process.versions.node.split(".")[0]) >= NODE_MAJOR_MIN;
  const fix = `Use Node ${NODE_MAJOR_MIN} or newer.`;
  return { check: "node", ok, detail: `Node ${process.versions.node}`, ...(ok ? {} : { fix }) };
}

function checkSqlite(): Finding {
  const version = process.versions["sqlite"] ?? "0";
  const parts = version.split(".").map(Number);
  const differs = SQLITE_MIN.findIndex((part, index) => part !== (parts[index] ?? 0));
  const ok = differs === -1 || (parts[differs] ?? 0) > (SQLITE_MIN[differs] ?? 0);
  const fix = `Use a Node with SQLite ${SQLITE_MIN.join(".")} or newer: older ones can damage a database.`;
  return { check: "sqlite", ok, detail: `SQLite ${version}`, ...(ok ? {} : { fix }) };
}

async function checkData(options: DoctorOptions): Promise<readonly Finding[]> {
  const config = await attempt(
    "configuration",
    async () => (await loadConfig(options.config)).file ?? "none: the defaults hold",
  );
  const dataFolder = dataFolderOf(options);
  if (!existsSync(dataFolder)) {
    const detail = `${dataFolder} is not there yet; \`lubdub up\` makes it`;
    return [config, { check: "data folder", ok: true, detail }];
  }
  return [
    config,
    checkFolder(dataFolder),
    checkDisk(dataFolder),
    await attempt("token", () => (readToken(dataFolder), "there, and only its owner may read it")),
    await checkDatabase(dataFolder),
    await attempt("daemon", async () => {
      const { state } = await connect(options).status();
      return `${state} at ${presenceIn(dataFolder)?.url}`;
    }),
    checkSpool(dataFolder),
  ];
}

function checkFolder(dataFolder: string): Finding {
  const { mode, uid } = lstatSync(dataFolder);
  const octal = (mode & 0o777).toString(8).padStart(4, "0");
  const detail = `${dataFolder}, mode ${octal}`;
  if ((mode & OTHERS) !== 0)
    return { check: "data folder", ok: false, detail, fix: `chmod 700 ${dataFolder}` };
  if (process.getuid !== undefined && uid !== process.getuid()) {
    return {
      check: "data folder",
      ok: false,
      detail: `${detail}, owned by user ${uid}`,
      fix: "Run as its owner.",
    };
  }
  return { check: "data folder", ok: true, detail };
}

function checkDisk(folder: string): Finding {
  const { bavail, bsize } = statfsSync(folder);
  const free = bavail * bsize;
  const ok = free >= DISK_BYTES_MIN;
  const detail = `${Math.floor(free / 1024 / 1024)} MiB free`;
  return {
    check: "disk",
    ok,
    detail,
    ...(ok ? {} : { fix: "Make room: on a full disk new events are refused." }),
  };
}

async function checkDatabase(dataFolder: string): Promise<Finding> {
  try {
    const { verifyStore } = await import("../index.ts");
    using bar = progress("checking the database");
    const { records, sessions, problems } = verifyStore(dataFolder, ({ step, done, total }) => {
      if (done === 0) bar.step(`checking ${step}`, total);
      bar.at(done);
    });
    const first = problems[0];
    if (first === undefined) {
      return { check: "database", ok: true, detail: `${records} records of ${sessions} sessions verified` };
    }
    const detail = `${problems.length} found, the first: ${first.detail} [${first.code}]`;
    return { check: "database", ok: false, detail, fix: "Stop the daemon and restore a backup." };
  } catch (error) {
    return failed("database", error);
  }
}

function checkSpool(dataFolder: string): Finding {
  const bad = setAside(dataFolder).length;
  const held = waiting(dataFolder).length;
  if (bad > 0) {
    const detail = `${bad} ended commands could not be taken in`;
    return {
      check: "spool",
      ok: false,
      detail,
      fix: `Look at the .bad files in ${spoolFolder(dataFolder)}.`,
    };
  }
  return { check: "spool", ok: true, detail: `${held} ended commands wait for a daemon` };
}

async function attempt(check: string, look: () => string | Promise<string>): Promise<Finding> {
  try {
    return { check, ok: true, detail: await look() };
  } catch (error) {
    return failed(check, error);
  }
}

function failed(check: string, error: unknown): Finding {
  if (error instanceof LubdubError) {
    const { expected, got, code, fix } = error;
    const detail = `expected ${expected}; got ${got} [${code}]`;
    return { check, ok: false, detail, ...(fix === undefined ? {} : { fix }) };
  }
  return { check, ok: false, detail: error instanceof Error ? error.message : String(error) };
}

function findingLine({ check, ok, detail, fix }: Finding): string {
  const mark = ok ? paint("green", "ok     ") : paint("red", "problem");
  return `${mark}  ${check}: ${oneLine(detail, 400)}${fix === undefined ? "" : `\n         ${fix}`}`;
}
