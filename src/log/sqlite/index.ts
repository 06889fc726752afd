export { sqliteStore, type SqliteStoreOptions } from "./store.ts";
export { verifyStore } from "./verify.ts";
export type { VerifyProgress } from "./findings.ts";
