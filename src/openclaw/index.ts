/**
 * OpenClaw's modules `heartbeat-wake` (as of 2026-02-23, with the later `requestHeartbeat`) and `system-events` (as of
 * 2026-04-13) over Lubdub's machines: swap two imports. In memory, like the originals: nothing is written to disk and
 * nothing survives the process. `createHeartbeat` of the main entry is the durable one.
 */
export * from "./heartbeat-wake.ts";
export * from "./system-events.ts";
