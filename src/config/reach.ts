import { connect } from "node:net";
import { LubdubError } from "../errors.ts";
import { gate } from "../gates/gate.ts";
import { lookupPublic } from "../senders/public-address.ts";
import type { RunRequest } from "../vocabulary.ts";
import type { LoadedConfig } from "./load.ts";
import { gateOptions } from "./run.ts";

/** How long a target may take to accept a connection. */
const CONNECT_MS_MAX = 5_000;

/**
 * What is configured and does not answer: each gate is asked once, as before a run, and to each webhook a connection is made and
 * closed again. No agent is asked, and nothing is sent. All at once, so that it takes as long as the slowest. Never rejects.
 */
export async function unreachable(
  config: LoadedConfig,
  signal: AbortSignal,
): Promise<readonly LubdubError[]> {
  const problems = await Promise.all([
    ...config.agents.map((agent, index) => gateProblem(config, agent, index, signal)),
    ...config.deliver.map((target, index) => targetProblem(target, index, signal)),
  ]);
  return problems.filter((problem) => problem !== null);
}

async function gateProblem(
  { folder }: LoadedConfig,
  { gate: asked, match }: LoadedConfig["agents"][number],
  index: number,
  signal: AbortSignal,
): Promise<LubdubError | null> {
  if (asked === undefined) return null;
  const ask = gate({ ...gateOptions(asked, folder), onError: "closed", appliesTo: "all" });
  const found = await ask(aRun(match.replaceAll("*", "check"), signal));
  const error = found.status === "skipped" ? found.gate?.error : undefined;
  if (error === undefined) return null;
  const fix = "Correct it, or give it more time.";
  return unanswered(`\`agents[${index}].gate\` to answer`, error, fix);
}

function targetProblem(
  { http }: LoadedConfig["deliver"][number],
  index: number,
  signal: AbortSignal,
): Promise<LubdubError | null> {
  const { promise, resolve } = Promise.withResolvers<LubdubError | null>();
  if (http === undefined) return Promise.resolve(null);
  const { hostname, port, protocol } = new URL(http.url);
  const socket = connect({
    host: hostname.replace(/^\[|\]$/g, ""),
    port: Number(port) || (protocol === "https:" ? 443 : 80),
    ...(http.allowPrivate ? {} : { lookup: lookupPublic }),
    signal,
  });
  const end = (problem: LubdubError | null): void => {
    socket.destroy();
    resolve(problem);
  };
  const fail = (got: string): void =>
    end(
      unanswered(
        `the target \`deliver[${index}].http\` to be reachable`,
        got,
        "Correct its `url`, or start it.",
      ),
    );
  socket.setTimeout(CONNECT_MS_MAX, () => fail(`no connection within ${CONNECT_MS_MAX} ms`));
  socket.once("connect", () => end(null));
  socket.once("error", (error) => (error instanceof LubdubError ? end(error) : fail(error.message)));
  return promise;
}

const unanswered = (expected: string, got: string, fix: string): LubdubError =>
  new LubdubError("LUBDUB_CONFIG_INVALID", { expected, got, fix });

/** A tick that nobody waits for. */
const aRun = (sessionKey: string, signal: AbortSignal): RunRequest => ({
  sessionKey,
  lane: sessionKey,
  transcriptKey: sessionKey,
  wakeId: "w-check",
  runId: "r-check",
  attempt: 1,
  source: "interval",
  intent: "scheduled",
  reason: "check of the configuration",
  startedAtMs: 0,
  events: [],
  signal,
});
