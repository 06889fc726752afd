import { appendFileSync, existsSync } from "node:fs";

/** Loaded before the daemon (`--expose-gc --import`): now and then it cleans up and writes down what is left, until it is told to stop. */
const EVERY_MS = 1_000;
const file = process.env["LUBDUB_PROBE_FILE"] ?? "";
const collect = globalThis.gc as (() => void) | undefined;

const timer = setInterval(() => {
  if (existsSync(`${file}.stop`)) return clearInterval(timer);
  collect?.();
  const { heapUsed } = process.memoryUsage();
  appendFileSync(file, `${JSON.stringify({ atMs: Date.now(), heapBytes: heapUsed })}\n`);
}, EVERY_MS).unref();
