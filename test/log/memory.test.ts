import { expect, test } from "vitest";
import { memoryStore } from "../../src/log/memory.ts";
import { storeContract } from "../contract/store.ts";

storeContract("memory", () => ({ store: memoryStore(), remove() {} }));

test("a memory store is honest about where it lies, and makes no backup", async () => {
  using store = memoryStore();
  expect(store.location).toBe("memory");
  await expect(store.backup("/tmp/lubdub-backup.db")).rejects.toThrow(
    expect.objectContaining({ code: "LUBDUB_INPUT_INVALID" }),
  );
});
