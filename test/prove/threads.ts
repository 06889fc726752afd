import { availableParallelism } from "node:os";
import { parentPort, Worker } from "node:worker_threads";

interface Threads<Job, Result> {
  /** A module that calls `answerJobs`. */
  readonly script: URL;
  readonly jobs: Iterator<Job>;
  readonly onResult: (result: Result, job: Job) => void;
}

/** Gives jobs to one thread per core, one at a time each, until there are none left. */
export async function overCores<Job, Result>({
  script,
  jobs,
  onResult,
}: Threads<Job, Result>): Promise<void> {
  const work = (): Promise<void> =>
    new Promise((resolve, reject) => {
      const first = jobs.next();
      if (first.done === true) return resolve();
      let job = first.value;
      const worker = new Worker(script);
      worker.on("error", reject);
      worker.on("exit", (code) =>
        code === 0 ? resolve() : reject(new Error(`A thread ended with ${code}.`)),
      );
      worker.on("message", (result: Result) => {
        onResult(result, job);
        const next = jobs.next();
        if (next.done === true) return worker.postMessage(null);
        job = next.value;
        worker.postMessage(job);
      });
      worker.postMessage(job);
    });
  await Promise.all(Array.from({ length: availableParallelism() }, work));
}

/** In a thread: does what it is given, until it is told that this was all. */
export function answerJobs<Job, Result>(work: (job: Job) => Promise<Result> | Result): void {
  parentPort?.on("message", async (job: Job | null) => {
    if (job === null) return parentPort?.close();
    parentPort?.postMessage(await work(job));
  });
}

/** The seeds of a part: all of them from the first, or the one that was asked for, until enough is done or the time is over. */
export function* seeds<Job>(
  { seed, isOver }: { readonly seed?: number; readonly isOver?: () => boolean },
  next: (seed: number) => Job | undefined,
): Generator<Job> {
  for (let at = seed ?? 1; isOver?.() !== true; at++) {
    const job = next(at);
    if (job === undefined) return;
    yield job;
    if (seed !== undefined) return;
  }
}
