import type { ErrorCode } from "../errors.ts";

/** What the process answers to a script. `run` answers with the exit code of its command instead. */
export const EXIT = { ok: 0, failed: 1, usage: 2, notFound: 3, unreachable: 4 } as const;

export function exitCodeOf(code: ErrorCode): number {
  return EXIT_BY_CODE[code] ?? EXIT.failed;
}

const EXIT_BY_CODE: { readonly [code in ErrorCode]?: number } = {
  LUBDUB_DAEMON_UNREACHABLE: EXIT.unreachable,
  LUBDUB_INPUT_INVALID: EXIT.usage,
  LUBDUB_NOT_FOUND: EXIT.notFound,
  LUBDUB_SESSION_KEY_INVALID: EXIT.usage,
  LUBDUB_TEXT_INVALID: EXIT.usage,
  LUBDUB_USAGE: EXIT.usage,
};
