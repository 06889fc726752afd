import type { Command } from "commander";
import { deliverOf } from "../config/deliver.ts";
import { loadConfig } from "../config/load.ts";
import { runOf } from "../config/run.ts";
import { unreachable } from "../config/reach.ts";
import { configJsonSchema } from "../config/schema.ts";
import type { CommonOptions } from "./contact.ts";
import { print, show } from "./output.ts";
import { configOption, subcommand } from "./subcommand.ts";

interface ConfigOptions extends CommonOptions {
  readonly config?: string;
}

export function addConfig(program: Command): void {
  const config = program.command("config").description("the configuration file");
  subcommand(config, "check", "look whether the daemon could start with it")
    .addOption(configOption())
    .action(check);
  subcommand(config, "schema", "print its JSON Schema, for editors").action(schema);
}

/** Everything that the daemon does with it at its start, before it is in use. No agent is asked and nothing is sent. */
async function check(options: ConfigOptions): Promise<void> {
  const config = await loadConfig(options.config);
  await runOf(config, { writer: { write: () => {} } });
  await deliverOf(config);
  const [problem] = await unreachable(config, new AbortController().signal);
  if (problem !== undefined) throw problem;
  const agents = config.agents.map(({ match }) => match);
  await show(options.json, { file: config.file, agents }, () =>
    config.file === null
      ? "ok: there is no configuration here, the defaults hold"
      : `ok: ${config.file}, ${agents.length === 1 ? "1 agent" : `${agents.length} agents`}`,
  );
}

async function schema(): Promise<void> {
  await print(JSON.stringify(configJsonSchema(), null, 2));
}
