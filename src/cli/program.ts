import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Command } from "commander";
import { plain } from "../agents/plain.ts";

type Add = (program: Command) => void;

/** Each command's own module, in the order of the help: `wake` must not pay for what only `up` needs. */
const COMMANDS: readonly { readonly names: readonly string[]; readonly load: () => Promise<Add> }[] = [
  { names: ["up"], load: async () => (await import("./up.ts")).addUp },
  { names: ["run"], load: async () => (await import("./run.ts")).addRun },
  { names: ["wake"], load: async () => (await import("./wake.ts")).addWake },
  { names: ["status", "sessions", "why"], load: async () => (await import("./look.ts")).addLook },
  { names: ["top"], load: async () => (await import("./top.ts")).addTop },
  { names: ["open"], load: async () => (await import("./open.ts")).addOpen },
  { names: ["log"], load: async () => (await import("./log.ts")).addLog },
  { names: ["replay"], load: async () => (await import("./replay.ts")).addReplay },
  { names: ["schedule"], load: async () => (await import("./schedule.ts")).addSchedule },
  { names: ["dead"], load: async () => (await import("./dead.ts")).addDead },
  { names: ["forget", "backup"], load: async () => (await import("./keep.ts")).addKeep },
  { names: ["doctor"], load: async () => (await import("./doctor.ts")).addDoctor },
  { names: ["diagram"], load: async () => (await import("./diagram.ts")).addDiagram },
  { names: ["config"], load: async () => (await import("./config.ts")).addConfig },
  { names: ["init"], load: async () => (await import("./init.ts")).addInit },
];

/**
 * The command line. It throws where commander would end the process.
 * @param wanted - the command that is asked for: when it is one of ours, only it is loaded; else, as for the help, all are
 */
export async function createProgram(wanted?: string): Promise<Command> {
  const program = new Command("lubdub")
    .description(
      "Wakes the session whose background work has ended: once, with its events, also after a crash.",
    )
    .version(version())
    .enablePositionalOptions()
    .exitOverride()
    .configureOutput({ outputError: (message, write) => write(plain(message)) })
    .addHelpText("after", EXIT_CODES);
  const one = COMMANDS.filter(({ names }) => wanted !== undefined && names.includes(wanted));
  for (const { load } of one.length === 0 ? COMMANDS : one) (await load())(program);
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
