import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Command } from "commander";
import { plain } from "../agents/plain.ts";
import { addConfig } from "./config.ts";
import { addDead } from "./dead.ts";
import { addDiagram } from "./diagram.ts";
import { addDoctor } from "./doctor.ts";
import { addInit } from "./init.ts";
import { addKeep } from "./keep.ts";
import { addLog } from "./log.ts";
import { addLook } from "./look.ts";
import { addOpen } from "./open.ts";
import { addReplay } from "./replay.ts";
import { addRun } from "./run.ts";
import { addSchedule } from "./schedule.ts";
import { addTop } from "./top.ts";
import { addUp } from "./up.ts";
import { addWake } from "./wake.ts";

/** The whole command line. It throws where commander would end the process. */
export function createProgram(): Command {
  const program = new Command("lubdub")
    .description(
      "Wakes the session whose background work has ended: once, with its events, also after a crash.",
    )
    .version(version())
    .enablePositionalOptions()
    .exitOverride()
    .configureOutput({ outputError: (message, write) => write(plain(message)) })
    .addHelpText("after", EXIT_CODES);
  addUp(program);
  addRun(program);
  addWake(program);
  addLook(program);
  addTop(program);
  addOpen(program);
  addLog(program);
  addReplay(program);
  addSchedule(program);
  addDead(program);
  addKeep(program);
  addDoctor(program);
  addDiagram(program);
  addConfig(program);
  addInit(program);
  return program;
}

/** The same file, whether this runs from the sources or is built. */
function version(): string {
  const manifest = readFileSync(fileURLToPath(import.meta.resolve("lubdub/package.json")), "utf8");
  return (JSON.parse(manifest) as { readonly version: string }).version;
}

const EXIT_CODES = `
Exit codes: 0 ok, 1 failed, 2 wrong usage, 3 not found, 4 daemon unreachable. \`run\` answers with the exit code of its command.
--session is taken from LUBDUB_SESSION_KEY when it is not given.`;
