import { STATUS_CODES } from "node:http";
import { LubdubError, type ErrorCode } from "../errors.ts";

/** The one table from our codes to HTTP. Codes that only a start can raise are 503: the daemon cannot serve. */
const STATUS_OF: Readonly<Record<ErrorCode, number>> = {
  LUBDUB_CLOSED: 503,
  LUBDUB_CONFIG_INVALID: 503,
  LUBDUB_DAEMON_UNREACHABLE: 503,
  LUBDUB_DATA_FOLDER_INVALID: 503,
  LUBDUB_DATA_FOLDER_OWNED: 503,
  LUBDUB_DEAD_LETTERS_FULL: 429,
  LUBDUB_DELIVERY_EXPIRED: 500,
  LUBDUB_DELIVERY_FAILED: 502,
  LUBDUB_DELIVERY_INTERRUPTED: 500,
  LUBDUB_DELIVERY_TIMEOUT: 504,
  LUBDUB_EXPORT_INVALID: 400,
  LUBDUB_FORBIDDEN: 403,
  LUBDUB_INPUT_INVALID: 400,
  LUBDUB_INTERNAL: 500,
  LUBDUB_LANE_BUSY: 409,
  LUBDUB_METHOD_NOT_ALLOWED: 405,
  LUBDUB_NODE_TOO_OLD: 503,
  LUBDUB_NOT_FOUND: 404,
  LUBDUB_OPTION_INVALID: 400,
  LUBDUB_OUTCOME_INVALID: 409,
  LUBDUB_PORT_IN_USE: 503,
  LUBDUB_QUEUE_FULL: 429,
  LUBDUB_RUN_FAILED: 409,
  LUBDUB_RUN_INTERRUPTED: 409,
  LUBDUB_RUN_THREW: 409,
  LUBDUB_RUN_TIMEOUT: 409,
  LUBDUB_SCHEDULE_INVALID: 400,
  LUBDUB_SESSION_KEY_INVALID: 400,
  LUBDUB_STOPPING: 503,
  LUBDUB_STORE_CORRUPT: 503,
  LUBDUB_STORE_FAILED: 503,
  LUBDUB_STORE_FOREIGN: 503,
  LUBDUB_STORE_FULL: 507,
  LUBDUB_STORE_NEWER: 503,
  LUBDUB_STORE_SQLITE_TOO_OLD: 503,
  LUBDUB_TARGET_PRIVATE: 400,
  LUBDUB_TEXT_INVALID: 400,
  LUBDUB_TOKEN_EXPOSED: 503,
  LUBDUB_TOKEN_MISSING: 503,
  LUBDUB_TOO_LARGE: 413,
  LUBDUB_TOO_MANY: 429,
  LUBDUB_UNAUTHORIZED: 401,
  LUBDUB_UNSUPPORTED_TYPE: 415,
  LUBDUB_USAGE: 400,
};

const RETRY_AFTER_SECONDS: Readonly<Record<number, string>> = { 429: "1", 503: "5" };

/** RFC 9457 with our own members. */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: ErrorCode;
  readonly expected: string;
  readonly got: string;
  readonly fix?: string;
  readonly retryable: boolean;
}

/** Whatever was thrown, as what a caller may know: an error that is not ours tells nothing of the inside. */
export function problemOf(thrown: unknown): Problem {
  const error = thrown instanceof LubdubError ? thrown : internal();
  const status = STATUS_OF[error.code];
  return {
    type: `urn:lubdub:error:${error.code}`,
    title: STATUS_CODES[status] ?? "Error",
    status,
    detail: error.message,
    code: error.code,
    expected: error.expected,
    got: error.got,
    ...(error.fix === undefined ? {} : { fix: error.fix }),
    retryable: error.retryable,
  };
}

export function problemResponse(thrown: unknown): Response {
  const problem = problemOf(thrown);
  const headers = new Headers({ "content-type": "application/problem+json" });
  const retryAfter = RETRY_AFTER_SECONDS[problem.status];
  if (retryAfter !== undefined) headers.set("retry-after", retryAfter);
  if (problem.status === 401) headers.set("www-authenticate", 'Bearer realm="lubdub"');
  return new Response(JSON.stringify(problem), { status: problem.status, headers });
}

function internal(): LubdubError {
  return new LubdubError("LUBDUB_INTERNAL", {
    expected: "the call to work",
    got: "an error inside Lubdub",
    fix: "This is a bug: see the daemon's own output, and please report it.",
  });
}
