import { availableParallelism } from "node:os";
import { parentPort, Worker } from "node:worker_threads";

interface Threads<Job, Result> {
  /** A module that calls `answerJobs`. */
  readonly script: URL;
  readonly jobs: Iterator<Job>;
  readonly onResult: (result: Result, job: Job) => void;
  /** A job that does not end in time: its thread is ended, `result` stands for it, and another thread goes on. @default none */
  readonly watchdog?: { readonly jobMsMax: number; readonly result: Result };
}

/** Gives jobs to one thread per core, one at a time each, until there are none left. */
export async function overCores<Job, Result>(threads: Threads<Job, Result>): Promise<void> {
  const work = async (): Promise<void> => {
    while ((await oneThread(threads)) === "hung");
  };
  await Promise.all(Array.from({ length: availableParallelism() }, work));
}

function oneThread<Job, Result>({
  script,
  jobs,
  onResult,
  watchdog,
}: Threads<Job, Result>): Promise<"done" | "hung"> {
  const first = jobs.next();
  if (first.done === true) return Promise.resolve("done");
  return new Promise((resolve, reject) => {
    const worker = new Worker(script);
    let timer: NodeJS.Timeout | undefined;
    let hung = false;
    let job = first.value;
    const give = (to: Job): void => {
      job = to;
      timer = watchdog && setTimeout(() => ((hung = true), void worker.terminate()), watchdog.jobMsMax);
      worker.postMessage(job);
    };
    worker.on("error", reject);
    worker.on("exit", (code) => {
      clearTimeout(timer);
      if (hung && watchdog) onResult(watchdog.result, job);
      else if (code !== 0) return reject(new Error(`A thread ended with ${code}.`));
      resolve(hung ? "hung" : "done");
    });
    worker.on("message", (result: Result) => {
      clearTimeout(timer);
      if (hung) return;
      onResult(result, job);
      const next = jobs.next();
      if (next.done === true) worker.postMessage(null);
      else give(next.value);
    });
    give(job);
  });
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
