import { showHidden } from "./hidden.ts";

/** Every error code, and whether the same call may succeed when it is repeated unchanged. */
const CODES = {
  LUBDUB_CLOSED: false,
  LUBDUB_CONFIG_INVALID: false,
  LUBDUB_DAEMON_UNREACHABLE: true,
  LUBDUB_DATA_FOLDER_INVALID: false,
  LUBDUB_DATA_FOLDER_OWNED: false,
  LUBDUB_DEAD_LETTERS_FULL: true,
  LUBDUB_DELIVERY_EXPIRED: false,
  LUBDUB_DELIVERY_FAILED: true,
  LUBDUB_DELIVERY_INTERRUPTED: true,
  LUBDUB_DELIVERY_TIMEOUT: true,
  LUBDUB_EXPORT_INVALID: false,
  LUBDUB_FORBIDDEN: false,
  LUBDUB_INPUT_INVALID: false,
  LUBDUB_INTERNAL: false,
  LUBDUB_LANE_BUSY: true,
  LUBDUB_METHOD_NOT_ALLOWED: false,
  LUBDUB_NODE_TOO_OLD: false,
  LUBDUB_NOT_FOUND: false,
  LUBDUB_OPTION_INVALID: false,
  LUBDUB_OUTCOME_INVALID: false,
  LUBDUB_PORT_IN_USE: false,
  LUBDUB_QUEUE_FULL: true,
  LUBDUB_RUN_FAILED: true,
  LUBDUB_RUN_INTERRUPTED: true,
  LUBDUB_RUN_THREW: true,
  LUBDUB_RUN_TIMEOUT: true,
  LUBDUB_SCHEDULE_INVALID: false,
  LUBDUB_SESSION_KEY_INVALID: false,
  LUBDUB_STOPPING: true,
  LUBDUB_STORE_CORRUPT: false,
  LUBDUB_STORE_FAILED: false,
  LUBDUB_STORE_FOREIGN: false,
  LUBDUB_STORE_FULL: true,
  LUBDUB_STORE_NEWER: false,
  LUBDUB_STORE_SQLITE_TOO_OLD: false,
  LUBDUB_TARGET_PRIVATE: false,
  LUBDUB_TEXT_INVALID: false,
  LUBDUB_TOKEN_EXPOSED: false,
  LUBDUB_TOKEN_MISSING: false,
  LUBDUB_TOO_LARGE: false,
  LUBDUB_TOO_MANY: true,
  LUBDUB_UNAUTHORIZED: false,
  LUBDUB_UNSUPPORTED_TYPE: false,
  LUBDUB_USAGE: false,
} as const;

/** The stable name of an error; the README has a line for each. */
export type ErrorCode = keyof typeof CODES;

/** All codes, sorted: the README documents each of them and no other (tested). */
export const ERROR_CODES = Object.keys(CODES) as readonly ErrorCode[];

/** What every error says. */
export interface ErrorFacts {
  /** What would have been right. */
  readonly expected: string;
  /** What was there instead. Long values are cut by the caller. */
  readonly got: string;
  /** What to do now. */
  readonly fix?: string;
  readonly cause?: unknown;
}

/** The one error class. Match on `code`; messages may change between releases. */
export class LubdubError extends Error {
  override readonly name = "LubdubError";
  readonly code: ErrorCode;
  /** True when repeating the same call unchanged may succeed. */
  readonly retryable: boolean;
  readonly expected: string;
  readonly got: string;
  readonly fix: string | undefined;

  constructor(code: ErrorCode, facts: ErrorFacts) {
    const fix = facts.fix === undefined ? "" : ` ${facts.fix}`;
    super(
      `Expected ${facts.expected}; got ${facts.got}.${fix}`,
      facts.cause === undefined ? undefined : { cause: facts.cause },
    );
    this.code = code;
    this.retryable = CODES[code];
    this.expected = facts.expected;
    this.got = facts.got;
    this.fix = facts.fix;
  }
}

/** Shows any value in a message: quoted, hidden characters escaped, cut to 80 characters. */
export function shown(value: unknown): string {
  const text = showHidden(typeof value === "string" ? JSON.stringify(value) : inWords(value));
  return text.length <= 80 ? text : `${text.slice(0, 77).toWellFormed()}...`;
}

/** Some objects cannot be turned into a text, and some refuse to. */
function inWords(value: unknown): string {
  try {
    return String(value);
  } catch {
    return `something of type ${typeof value}`;
  }
}
