import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Linux keeps it in memory: the walks sync thousands of times, and what they ask is not whether the disk does it. */
const IN_MEMORY = "/dev/shm";

/** A new folder for one store, gone at the end. */
export function storeFolder(): { readonly path: string } & Disposable {
  const path = mkdtempSync(join(existsSync(IN_MEMORY) ? IN_MEMORY : tmpdir(), "lubdub-paths-"));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}
