/** What one caller may take of the server. Times are in milliseconds, sizes in bytes. */
export interface HttpLimits {
  /** Largest request body. @default 65_536 */
  readonly bodyBytes: number;
  /** Request line and headers together. @default 16_384 */
  readonly headerBytes: number;
  /** How long a client may take to send its headers. @default 10_000 */
  readonly headersTimeoutMs: number;
  /** How long a client may take to send its whole request. @default 30_000 */
  readonly requestTimeoutMs: number;
  /** Open connections; more are dropped. @default 512 */
  readonly connections: number;
  /** Open event streams; more are refused with 429. @default 64 */
  readonly streams: number;
  /** How long a stream's client may leave one record unread before it is dropped. @default 10_000 */
  readonly slowClientMs: number;
  /** Pause between the comments that keep a quiet stream open. @default 15_000 */
  readonly beatMs: number;
}

export const DEFAULT_LIMITS: HttpLimits = {
  bodyBytes: 65_536,
  headerBytes: 16_384,
  headersTimeoutMs: 10_000,
  requestTimeoutMs: 30_000,
  connections: 512,
  streams: 64,
  slowClientMs: 10_000,
  beatMs: 15_000,
};

/** `waitMs` of every call that waits: the longest, and what is taken when it is not said. */
export const WAIT_MS_MAX = 60_000;
export const WAIT_MS_DEFAULT = 30_000;

/** Bytes of records in one answer of the log, unless the first one alone has more: the rest is asked for with `next`. */
export const LOG_ANSWER_BYTES_MAX = 1_048_576;

/** A turn taken over HTTP ends by itself when nobody renews it for this long. */
export const TURN_TTL_MS_MIN = 1_000;
export const TURN_TTL_MS_MAX = 300_000;
export const TURN_TTL_MS_DEFAULT = 30_000;
export const TURNS_MAX = 1_000;

/** Deeper JSON than this is refused: whatever walks it later may be recursive. */
export const JSON_DEPTH_MAX = 64;

/** A shorter token could be guessed. */
export const TOKEN_CHARS_MIN = 16;

/** Wrong tokens that one address may try at once, and how many per second it gets back. */
export const FAILURES_MAX = 30;
export const FAILURES_PER_SECOND = 1;
/** Addresses remembered for it; the oldest is forgotten first. */
export const ADDRESSES_MAX = 10_000;
