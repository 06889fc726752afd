export type * from "./api.ts";
export type * from "./vocabulary.ts";
export { ERROR_CODES, LubdubError, type ErrorCode } from "./errors.ts";
