import { InvalidArgumentError, type Command } from "commander";
import { dataFolder } from "../config/folder.ts";
import { preparePrivateFolder } from "../private-folder.ts";
import { loadConfig, type LoadedConfig } from "../config/load.ts";
import type { Daemon } from "../daemon/daemon.ts";
import { untilStopped } from "../daemon/until-stopped.ts";
import { dataFolderOf, type CommonOptions } from "./contact.ts";
import { paint, print, talk } from "./output.ts";
import { jsonLine } from "./plain.ts";
import { configOption, subcommand } from "./subcommand.ts";

interface UpOptions extends CommonOptions {
  readonly config?: string;
  readonly port?: number;
  readonly inspect?: boolean;
}

export function addUp(program: Command): void {
  subcommand(program, "up", "start the daemon here, until Ctrl-C")
    .addOption(configOption())
    .option(
      "--port <port>",
      "where to listen; 0 takes a free one (default: as configured, else 5823)",
      portNumber,
    )
    .option("--inspect", "show every live actor to the Stately inspector")
    .action(async (options: UpOptions) => {
      process.exitCode = await up(options);
    });
}

async function up(options: UpOptions): Promise<number> {
  // The daemon outlives whoever reads what it says.
  process.stdout.removeAllListeners("error").on("error", () => {});
  const isJson = options.json === true;
  const loaded = await loadConfig(options.config);
  const config = options.port === undefined ? loaded : { ...loaded, port: options.port };
  const folder = dataFolderOf(options);
  preparePrivateFolder(folder);
  // Only this command needs the whole library: the others start without it.
  const { startDaemon } = await import("../daemon/daemon.ts");
  const daemon = await startDaemon({
    config,
    dataFolder: folder,
    inspect: options.inspect === true,
    // With --json stdout is for one document.
    writer: isJson ? process.stderr : process.stdout,
    say: talk,
  });
  // First the signals: whoever learns that it is up may stop it at once.
  const stopped = untilStopped(daemon, talk);
  daemon.announce();
  const inspect = daemon.inspector?.url();
  if (isJson) {
    const { url } = daemon;
    await print(jsonLine({ url, pid: process.pid, dataFolder: folder, config: config.file, inspect }));
  } else {
    greet(daemon, config, inspect);
  }
  return await stopped;
}

function greet({ url, dataFolder: folder }: Daemon, config: LoadedConfig, inspect: string | undefined): void {
  // npm sets this for what it starts; then the command is only there through npx.
  const lubdub = process.env["npm_execpath"] === undefined ? "lubdub" : "npx lubdub";
  const data = folder === dataFolder(undefined) ? "" : ` --data '${folder}'`;
  const agents =
    config.file === null
      ? `the built-in console agent, which prints here what wakes it (\`${lubdub} init\` writes a configuration)`
      : `as ${config.file} says`;
  const lines = [
    paint("bold", "Lubdub is up."),
    `  address   ${url}`,
    `  data      ${folder}`,
    `  agents    ${agents}`,
    ...(inspect === undefined ? [] : [`  inspector ${inspect} (good once, for a minute)`]),
    "",
    "In a second terminal, type:",
    `  ${lubdub} run --session agent:main:discord:channel:42${data} -- npm --version`,
    `  ${lubdub} log -f${data}`,
    `  ${lubdub} open${data}`,
    "",
    "Ctrl-C stops it.",
  ];
  talk(lines.join("\n"));
}

function portNumber(text: string): number {
  const port = Number(text);
  if (/^\d{1,5}$/.test(text) && port <= 65_535) return port;
  throw new InvalidArgumentError("Expected a port from 0 to 65535.");
}
