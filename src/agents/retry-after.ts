/** A server that says "at once" is asked again after this; nobody is asked in a tight loop. */
export const RETRY_AFTER_MS_MIN = 1_000;
export const RETRY_AFTER_MS_MAX = 86_400_000;

const HTTP_DATE = /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/;

/**
 * How long a `Retry-After` header asks to wait: whole seconds, or an HTTP date (RFC 9110, the one form that may be sent).
 * Kept within 1 s and a day. Undefined when there is none, or when it cannot be read.
 */
export function retryAfterMs(header: string | undefined, nowMs: number): number | undefined {
  const value = header?.trim() ?? "";
  const waitMs = /^\d+$/.test(value)
    ? Number(value) * 1_000
    : HTTP_DATE.test(value)
      ? Date.parse(value) - nowMs
      : Number.NaN;
  return Number.isNaN(waitMs)
    ? undefined
    : Math.min(Math.max(waitMs, RETRY_AFTER_MS_MIN), RETRY_AFTER_MS_MAX);
}
