import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { LubdubError } from "../../src/errors.ts";
import { sqliteStore } from "../../src/log/sqlite/index.ts";
import { erasure, fill } from "../contract/store-records.ts";
import { temporaryFolder } from "./folder.ts";

test("problem 35: a second process is told who owns the folder; a killed owner has given it up", async () => {
  using folder = temporaryFolder();
  const owner = await ownerProcess(folder.path);
  const refusal = refusalOf(folder.path);
  expect(refusal.code).toBe("LUBDUB_DATA_FOLDER_OWNED");
  expect(refusal.message).toContain(`process ${owner.pid}`);
  owner.kill("SIGKILL");
  await once(owner, "exit");
  using store = sqliteStore({ folder: folder.path });
  fill(store, 1);
  expect(store.head().position).toBe(1);
});

test("a second owner in the same process is refused too, and closing gives the folder up", () => {
  using folder = temporaryFolder();
  const first = sqliteStore({ folder: folder.path });
  expect(refusalOf(folder.path).message).toContain(`process ${process.pid}`);
  expect(refusalOf(folder.path).code).toBe("LUBDUB_DATA_FOLDER_OWNED"); // the refused one has not loosened the lock
  first.close();
  sqliteStore({ folder: folder.path }).close();
});

test("an owner that left no process id is still an owner", () => {
  using folder = temporaryFolder();
  using _first = sqliteStore({ folder: folder.path });
  rmSync(join(folder.path, "owner.pid"));
  expect(refusalOf(folder.path).message).toContain("an unknown process");
});

test("reading goes on beside an owner: a still picture that later writes do not change", async () => {
  using folder = temporaryFolder();
  using owner = sqliteStore({ folder: folder.path });
  fill(owner, 300);
  using reader = sqliteStore({ folder: folder.path, readOnly: true });
  fill(owner, 300);
  expect(reader.head().position).toBe(300);
  expect([...reader.read()]).toHaveLength(300);
  expect([...owner.read()]).toHaveLength(600);
  const isRefused = expect.objectContaining({ code: "LUBDUB_INPUT_INVALID" });
  expect(() => fill(reader, 1)).toThrow(isRefused);
  expect(() => reader.erase(erasure("a", [1], (state) => state))).toThrow(isRefused);
  expect(() => reader.compact(0, 0)).toThrow(isRefused);
  await expect(reader.backup(join(folder.path, "copy.db"))).rejects.toThrow(isRefused);
});

async function ownerProcess(folder: string): Promise<ChildProcess> {
  const script = join(import.meta.dirname, "owner-child.ts");
  const child = spawn(process.execPath, [script, folder], { stdio: ["pipe", "pipe", "inherit"] });
  onTestFinished(() => void child.kill("SIGKILL"));
  await once(child.stdout, "data");
  return child;
}

function refusalOf(folder: string): LubdubError {
  try {
    sqliteStore({ folder }).close();
  } catch (error) {
    if (error instanceof LubdubError) return error;
    throw error;
  }
  throw new Error("it was opened");
}
