export type * from "./api.ts";
export type * from "./vocabulary.ts";
export type { LogRecord, RecordType } from "./core/records.ts";
export type { Store, StoreProblem, StoreReport } from "./log/store.ts";
export type { Clock } from "./run/clock.ts";
export { defineConfig } from "./config/load.ts";
export type { Config } from "./config/schema.ts";
export { ERROR_CODES, LubdubError, type ErrorCode, type ErrorFacts } from "./errors.ts";
export { withChecks, type Finding, type PreRunCheck } from "./gates/checks.ts";
export { gate, type GateOptions } from "./gates/gate.ts";
export { heartbeatFile, type HeartbeatFileOptions } from "./gates/heartbeat-file.ts";
export { createHeartbeat } from "./heartbeat.ts";
export { memoryStore } from "./log/memory.ts";
export {
  sqliteStore,
  verifyStore,
  type SqliteStoreOptions,
  type VerifyProgress,
} from "./log/sqlite/index.ts";
export { chooseTarget, type TargetRule } from "./senders/choose.ts";
export { commandSender } from "./senders/command.ts";
export { webhookSender, type WebhookOptions } from "./senders/http.ts";
export type { HeartbeatOptions } from "./options.ts";
export type { Limits } from "./policy/limits.ts";
export type { QuietHours } from "./policy/quiet-hours.ts";
