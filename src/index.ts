export type * from "./api.ts";
export type * from "./vocabulary.ts";
export type { LogRecord, RecordType } from "./core/records.ts";
export type { Store, StoreProblem, StoreReport } from "./log/store.ts";
export type { Clock } from "./run/clock.ts";
export { ERROR_CODES, LubdubError, type ErrorCode, type ErrorFacts } from "./errors.ts";
export { createHeartbeat } from "./heartbeat.ts";
export { memoryStore } from "./log/memory.ts";
export type { HeartbeatOptions } from "./options.ts";
