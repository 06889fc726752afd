import { fork, type ChildProcess } from "node:child_process";
import { fileURLToPath } from "node:url";
import { READY, type Job, type JobResult } from "./job.ts";

interface PoolOptions {
  readonly children: number;
  /** A seed that takes longer, in a child that is ready, hangs: its process is killed and the seed reported. */
  readonly seedMsMax: number;
  /** Arguments of Node for the children. */
  readonly execArgv?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** @returns false to stop */
  readonly onResult: (result: JobResult) => boolean;
}

/** Many short-lived objects: a larger young generation saves a tenth of the time. */
const HEAP_ARGV = ["--max-semi-space-size=32"];
const WORKER = fileURLToPath(new URL("worker.ts", import.meta.url));

/** Gives jobs to child processes, one at a time each, until they are done or nobody wants more. */
export async function runPool(jobs: Iterator<Job>, options: PoolOptions): Promise<void> {
  let wanted = true;
  const next = (): Job | undefined => {
    if (!wanted) return undefined;
    const { value, done } = jobs.next();
    return done === true ? undefined : value;
  };
  const onResult = (result: JobResult): void => {
    if (wanted && !options.onResult(result)) wanted = false;
  };
  await Promise.all(
    Array.from({ length: options.children }, async () => {
      // A child that dies takes one job with it; a new one goes on.
      while (wanted && (await oneChild(next, onResult, options)) === "died");
    }),
  );
}

function oneChild(
  next: () => Job | undefined,
  onResult: (result: JobResult) => void,
  { seedMsMax, execArgv = [], env = {} }: PoolOptions,
): Promise<"done" | "died"> {
  const first = next();
  if (first === undefined) return Promise.resolve("done");
  let job: Job | undefined = first;
  const child: ChildProcess = fork(WORKER, {
    execArgv: [...HEAP_ARGV, ...execArgv],
    env: { ...process.env, ...env },
  });
  return new Promise((resolve) => {
    let watchdog: NodeJS.Timeout;
    const give = (to: Job): void => {
      job = to;
      watchdog = setTimeout(() => {
        if (job !== undefined) onResult({ seed: job.seed, message: `L2 hangs: more than ${seedMsMax} ms` });
        job = undefined;
        child.kill("SIGKILL");
      }, seedMsMax);
      child.send(to);
    };
    child.on("message", (result: JobResult | typeof READY) => {
      if (result === READY) return give(first);
      clearTimeout(watchdog);
      job = undefined;
      onResult(result);
      const following = next();
      if (following === undefined) child.disconnect();
      else give(following);
    });
    child.on("exit", (code) => {
      clearTimeout(watchdog);
      if (job !== undefined) onResult({ seed: job.seed, message: `crashed: the process ended with ${code}` });
      resolve(code === 0 ? "done" : "died");
    });
  });
}
