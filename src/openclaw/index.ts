/**
 * The module interface of a well-known agent runtime over Lubdub's machines, in memory: swap two imports. Nothing here is
 * written to disk; `createHeartbeat` of the main entry is the durable one.
 */
export * from "./heartbeat-wake.ts";
export * from "./system-events.ts";
