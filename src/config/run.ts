import { resolve } from "node:path";
import { chooseAgent, type AgentRule } from "../agents/choose.ts";
import { commandAgent } from "../agents/command.ts";
import { consoleAgent, type ConsoleOptions } from "../agents/console.ts";
import { httpAgent } from "../agents/http.ts";
import { moduleAgent } from "../agents/module.ts";
import { withChecks, type PreRunCheck } from "../gates/checks.ts";
import { gate, type GateOptions } from "../gates/gate.ts";
import { heartbeatFile } from "../gates/heartbeat-file.ts";
import type { RunHandler } from "../vocabulary.ts";
import type { LoadedConfig } from "./load.ts";

type AgentConfig = LoadedConfig["agents"][number];
type GateConfig = NonNullable<AgentConfig["gate"]>;

/**
 * The configured agents as the one run function of a heartbeat.
 *
 * @param options - where `console` agents print
 * @throws LubdubError `LUBDUB_CONFIG_INVALID` for a `module` that cannot be loaded, a gate that cannot be started, a
 * HEARTBEAT.md that cannot be read
 */
export async function runOf(config: LoadedConfig, options: ConsoleOptions): Promise<RunHandler> {
  const rules: AgentRule[] = [];
  for (const rule of config.agents)
    rules.push({
      match: rule.match,
      run: withChecks(await agentOf(rule, config.folder, options), checksOf(rule, config.folder)),
    });
  return chooseAgent(rules);
}

/** Cheap ones first. */
function checksOf({ heartbeatFile: file, gate: asked }: AgentConfig, folder: string): readonly PreRunCheck[] {
  return [
    ...(file === undefined ? [] : [heartbeatFile({ path: resolve(folder, file) })]),
    ...(asked === undefined ? [] : [gate(gateOptions(asked, folder))]),
  ];
}

/** The gate of an agent, as the configuration says it. */
export function gateOptions({ command, http, file, sql, ...rest }: GateConfig, folder: string): GateOptions {
  return {
    ...rest,
    ...(command && { command: { ...command, cwd: resolve(folder, command.cwd ?? ".") } }),
    ...(http && { http }),
    ...(file && { file: { ...file, path: resolve(folder, file.path) } }),
    ...(sql && { sql: { ...sql, file: resolve(folder, sql.file) } }),
  };
}

/** The schema lets exactly one of them be set. */
async function agentOf(
  { command, http, module }: AgentConfig,
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
