import { mkdtempSync, rmSync, statfsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const TMPFS = 0x01_02_19_94;

/** A folder that is gone at the end. `LUBDUB_BENCH_FOLDER` says on which disk. */
export function benchFolder(): Disposable & { readonly path: string } {
  const path = mkdtempSync(join(benchRoot(), "lubdub-bench-"));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

/** In memory a sync costs nothing, and the figures would mean nothing. */
export function isInMemory(): boolean {
  return statfsSync(benchRoot()).type === TMPFS;
}

function benchRoot(): string {
  return process.env["LUBDUB_BENCH_FOLDER"] ?? tmpdir();
}
