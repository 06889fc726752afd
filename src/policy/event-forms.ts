import type { SystemEvent } from "../vocabulary.ts";
import { judge } from "./replies.ts";

/** What an event is about: the end of a background command, a reminder that is due, or anything else. */
export type EventKind = "exec" | "cron" | "other";

/** How the reference system's exec events begin, whatever their source says. */
const EXEC_TEXT = /^exec (finished\s*[:(]|(completed|failed) \()/i;

export function kindOf({
  source,
  contextKey,
  text,
}: Pick<SystemEvent, "source" | "contextKey" | "text">): EventKind {
  if (source === "exec-event" || EXEC_TEXT.test(text)) return "exec";
  return source === "cron" || contextKey?.startsWith("cron:") === true ? "cron" : "other";
}

/** Longer texts say something. */
const NOISE_CHARS_MAX = 200;
/** What heartbeats say to each other: polls, and requests to read the file that the prompt shows anyway. */
const POLL = /^(system: )?(\[[^\]\n]*\] )?(heartbeat (poll|wake)\b|read heartbeat\.md\b)[^\n]*$/i;

/**
 * The heartbeat's own talk, which tells an agent nothing: a poll, or nothing but an acknowledgement. Only a short text
 * without data that is that *as a whole*: a report that merely mentions one is shown.
 */
export function isNoise({ text, data }: Pick<SystemEvent, "text" | "data">): boolean {
  if (data !== undefined || text.length > NOISE_CHARS_MAX) return false;
  const verdict = judge({ text }, { ackMaxChars: 0 });
  return POLL.test(text.trim()) || (verdict.kind === "silent" && verdict.why !== "ok-empty");
}
