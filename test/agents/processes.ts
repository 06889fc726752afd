import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** Waits for a condition, not for a time. Does not use the timers that a test may have replaced. */
export async function until<T>(look: () => T | undefined | false | null, limitMs = 90_000): Promise<T> {
  const endMs = performance.now() + limitMs;
  for (;;) {
    const found = look();
    if (found !== undefined && found !== false && found !== null) return found;
    if (performance.now() > endMs) throw new Error(`waited ${limitMs} ms for ${look.toString()}`);
    await new Promise((resolve) => void setImmediate(resolve));
  }
}

/** The number in a file, once it is there as a whole (with its line end). */
export function pidIn(file: string): number | undefined {
  const text = existsSync(file) ? readFileSync(file, "utf8") : "";
  return text.endsWith("\n") ? Number(text) : undefined;
}

/** A process that nobody has collected yet is dead all the same. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return process.platform !== "linux" || !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return false;
  }
}

/** Ends what a failed test left: every process that wrote its id into a file of this folder. */
export function endAllIn(folder: string): void {
  for (const name of readdirSync(folder)) {
    const pid = pidIn(join(folder, name));
    if (pid !== undefined && pid > 1 && isAlive(pid)) process.kill(pid, "SIGKILL");
  }
}
