import { resolve } from "node:path";
import { chooseAgent, type AgentRule } from "../agents/choose.ts";
import { commandAgent } from "../agents/command.ts";
import { consoleAgent, type ConsoleOptions } from "../agents/console.ts";
import { httpAgent } from "../agents/http.ts";
import { moduleAgent } from "../agents/module.ts";
import type { RunHandler } from "../vocabulary.ts";
import type { LoadedConfig } from "./load.ts";

/**
 * The configured agents as the one run function of a heartbeat.
 *
 * @param options - where `console` agents print
 * @throws LubdubError `LUBDUB_CONFIG_INVALID` for a `module` that cannot be loaded
 */
export async function runOf(config: LoadedConfig, options: ConsoleOptions): Promise<RunHandler> {
  const rules: AgentRule[] = [];
  for (const rule of config.agents)
    rules.push({ match: rule.match, run: await agentOf(rule, config.folder, options) });
  return chooseAgent(rules);
}

/** The schema lets exactly one of them be set. */
async function agentOf(
  { command, http, module }: LoadedConfig["agents"][number],
  folder: string,
  options: ConsoleOptions,
): Promise<RunHandler> {
  if (module !== undefined) return moduleAgent({ file: module.file, folder });
  if (command !== undefined) {
    const { timeoutMs, cwd, ...rest } = command;
    return commandAgent({
      ...rest,
      cwd: resolve(folder, cwd ?? "."),
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
    });
  }
  if (http !== undefined) {
    const { timeoutMs, ...rest } = http;
    return httpAgent({ ...rest, ...(timeoutMs === undefined ? {} : { timeoutMs }) });
  }
  return consoleAgent(options);
}
