import type { Daemon } from "./daemon.ts";
import { onSignals } from "./signals.ts";

const CRASHED = 70;

/**
 * Lives until a signal, and stops in order: takes nothing new, lets runs end, then aborts them. A second signal exits
 * now, which is safe: what was accepted is on disk. A store that fails, or a defect, ends the process at once with exit
 * code 70, so that a supervisor starts it again and it recovers from the log.
 * @returns the exit code
 */
export async function untilStopped(daemon: Daemon, say: (line: string) => void): Promise<number> {
  const { promise: stopped, resolve: stop } = Promise.withResolvers<undefined>();
  let isStopping = false;
  onSignals(["SIGTERM", "SIGINT", "SIGHUP"], (signal) => {
    if (isStopping) {
      say(`${signal} again: exiting now. What is unfinished stays queued in ${daemon.dataFolder}.`);
      daemon.leave();
      process.exit(1);
    }
    isStopping = true;
    say(
      `${signal}: stopping. Runs that go on have ${daemon.graceMs / 1_000} s to end; a second signal exits now.`,
    );
    stop(undefined);
  });
  const crash = (what: string): void => {
    say(`${what}\nExiting with code ${CRASHED}; the next start recovers from the log.`);
    daemon.leave();
    process.exit(CRASHED);
  };
  process.on("uncaughtException", (error) => crash(`A defect: ${stackOf(error)}`));
  process.on("unhandledRejection", (error) => crash(`A defect, in a promise: ${stackOf(error)}`));
  const cause = await Promise.race([stopped, daemon.failed]);
  if (cause !== undefined) crash(`The store has failed. ${cause.message} [${cause.code}]`);
  await daemon.close();
  say("Stopped.");
  return 0;
}

function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
