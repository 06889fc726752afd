import type { ChildProcess } from "node:child_process";

/**
 * Stops a child and everything it started that stayed in its process group: SIGTERM, and SIGKILL after the grace.
 * The child must lead its own group (`detached: true`).
 */
export interface GroupStop {
  /** The child itself ended. Its children may need the rest of the grace. */
  leaderEnded(): void;
}

export function stopGroup(child: ChildProcess, graceMs: number, done: () => void): GroupStop {
  const timer = setTimeout(() => {
    signalGroup(child, "SIGKILL");
    done();
  }, graceMs);
  signalGroup(child, "SIGTERM");
  return {
    leaderEnded() {
      if (signalGroup(child, 0)) return;
      clearTimeout(timer);
      done();
    },
  };
}

/** @returns whether the group has a living member */
function signalGroup({ pid }: ChildProcess, signal: NodeJS.Signals | 0): boolean {
  if (pid === undefined) return false;
  try {
    return process.kill(-pid, signal);
  } catch {
    return false;
  }
}
