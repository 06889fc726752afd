import { mkdtempSync, rmSync, statSync, truncateSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { sqliteStore, verifyStore } from "../../src/log/sqlite/index.ts";
import { erasure, queued } from "../contract/store-records.ts";

test("a database whose unused last page is cut off is not sound", () => {
  const parent = mkdtempSync(join(tmpdir(), "lubdub-"));
  try {
    const folder = join(parent, "data");
    const store = sqliteStore({ folder });
    // A large body takes pages of its own; erased, they lie unused at the end.
    const body = { text: "x".repeat(30_000) };
    store.append({ records: [queued(1, "a")], dedupe: [] });
    store.append({ records: [{ ...queued(2, "a"), body }], dedupe: [] });
    store.erase(erasure("a", [2], (state) => state));
    store.close();
    expect(verifyStore(folder).problems).toEqual([]);

    const file = join(folder, "lubdub.db");
    truncateSync(file, statSync(file).size - 150);
    expect(verifyStore(folder).problems).toMatchObject([{ code: "LUBDUB_STORE_CORRUPT" }]);
  } finally {
    rmSync(parent, { recursive: true });
  }
});
