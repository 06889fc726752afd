import { readFileSync } from "node:fs";
import { registerHooks } from "node:module";

/**
 * Loaded before everything else in a child: `LUBDUB_SYNCHRONOUS` takes the place of FULL, for negative controls, and the
 * WAL is copied back so often that a short recording holds many checkpoints.
 */
const FULL = "PRAGMA synchronous = FULL;";
const target = new URL("../../../src/log/sqlite/open.ts", import.meta.url);
const before = readFileSync(target, "utf8");
if (before.split(FULL).length !== 2)
  throw new Error(`Expected "${FULL}" exactly once in ${target.pathname}.`);
const synchronous = process.env["LUBDUB_SYNCHRONOUS"] ?? "FULL";
const source = before.replace(FULL, `PRAGMA synchronous = ${synchronous}; PRAGMA wal_autocheckpoint = 40;`);

registerHooks({
  load: (url, context, nextLoad) =>
    url === target.href
      ? { format: "module-typescript", source, shortCircuit: true }
      : nextLoad(url, context),
});
