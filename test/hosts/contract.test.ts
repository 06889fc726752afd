import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createHeartbeat } from "../../src/heartbeat.ts";
import { memoryStore } from "../../src/log/memory.ts";
import { sqliteStore } from "../../src/log/sqlite/index.ts";
import { heartbeatContract } from "../contract/heartbeat.ts";

heartbeatContract("embedded, memory", async (options) => {
  const heartbeat = createHeartbeat({ store: memoryStore(), ...options });
  return { heartbeat, [Symbol.asyncDispose]: () => heartbeat.close() };
});

heartbeatContract("embedded, sqlite", async (options) => {
  const folder = mkdtempSync(join(tmpdir(), "lubdub-"));
  const heartbeat = createHeartbeat({ store: sqliteStore({ folder: join(folder, "data") }), ...options });
  return {
    heartbeat,
    async [Symbol.asyncDispose]() {
      await heartbeat.close();
      rmSync(folder, { recursive: true });
    },
  };
});
