import { lstatSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { functionOf } from "../agents/module.ts";
import { LubdubError } from "../errors.ts";
import { chooseTarget, type TargetRule } from "../senders/choose.ts";
import { commandSender } from "../senders/command.ts";
import { webhookSender } from "../senders/http.ts";
import type { DeliverHandler } from "../vocabulary.ts";
import type { LoadedConfig } from "./load.ts";

type Target = LoadedConfig["deliver"][number];

/**
 * The configured targets as the one deliver function of a heartbeat; undefined when there are none.
 *
 * @throws LubdubError `LUBDUB_CONFIG_INVALID`, `LUBDUB_TARGET_PRIVATE`
 */
export async function deliverOf({ deliver, folder }: LoadedConfig): Promise<DeliverHandler | undefined> {
  const rules: TargetRule[] = [];
  for (const rule of deliver) {
    const { match, route } = rule;
    rules.push({ match, route, deliver: await senderOf(rule, folder) });
  }
  return rules.length === 0 ? undefined : chooseTarget(rules);
}

/** The schema lets exactly one of them be set. */
async function senderOf({ command, http, module }: Target, folder: string): Promise<DeliverHandler> {
  if (command !== undefined) {
    const { timeoutMs, cwd, ...rest } = command;
    const limit = timeoutMs === undefined ? {} : { timeoutMs };
    return commandSender({ ...rest, cwd: resolve(folder, cwd ?? "."), ...limit });
  }
  if (module !== undefined) return functionOf<DeliverHandler>({ file: module.file, folder });
  const { secretFile, secretEnv, timeoutMs, ...rest } = http as NonNullable<Target["http"]>;
  const secret = secretOf(secretFile === undefined ? undefined : resolve(folder, secretFile), secretEnv);
  return webhookSender({
    ...rest,
    ...(secret === undefined ? {} : { secret }),
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
  });
}

function secretOf(file: string | undefined, variable: string | undefined): string | undefined {
  if (variable !== undefined) {
    const secret = process.env[variable];
    if (secret !== undefined && secret !== "") return secret;
    throw invalid(`a secret in the environment variable ${variable}`, "nothing", "Set it, and start again.");
  }
  return file === undefined ? undefined : secretIn(file);
}

function secretIn(file: string): string {
  const stat = lstatSync(file, { throwIfNoEntry: false });
  if (stat === undefined) throw invalid(`the secret \`${file}\` to exist`, "no such file", "Make it.");
  if (!stat.isFile()) throw invalid(`the secret \`${file}\` to be a file`, "something else", "Make it one.");
  if (process.getuid !== undefined && (stat.mode & 0o077) !== 0) {
    const got = `mode ${(stat.mode & 0o777).toString(8)}: others may have read it`;
    throw invalid(`only you to read the secret \`${file}\``, got, `Type: chmod 600 '${file}'`);
  }
  return readFileSync(file, "utf8").trim();
}

const invalid = (expected: string, got: string, fix: string): LubdubError =>
  new LubdubError("LUBDUB_CONFIG_INVALID", { expected, got, fix });
