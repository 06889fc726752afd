import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A data folder of its own for a test, removed with all that is in it. */
export function temporaryFolder(): Disposable & { readonly path: string } {
  const parent = mkdtempSync(join(tmpdir(), "lubdub-"));
  return {
    path: join(parent, "data"),
    [Symbol.dispose]: () => rmSync(parent, { recursive: true, force: true }),
  };
}
