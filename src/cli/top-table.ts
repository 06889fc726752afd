import { whySentence } from "../core/why-words.ts";
import type { Status, WaitingPage } from "../index.ts";
import { clockTime, duration } from "../words/time.ts";
import { paint } from "./output.ts";
import { oneLine } from "./plain.ts";

/** What one look found. */
export interface Look {
  readonly page: WaitingPage;
  readonly status: Status;
  readonly nowMs: number;
}

const STATE_COLOURS = {
  idle: "gray",
  pending: "blue",
  running: "green",
  retrying: "yellow",
  damaged: "red",
} as const;
const KEY_CHARS_MIN = 12;
const WAIT_CHARS = 12;
const STATE_CHARS = 8;
const COUNT_CHARS = 6;

/** How it stands in all, on one line. */
export function totalsLine({ page, status, nowMs }: Look): string {
  const dead = page.dead === 0 ? "" : `, ${page.dead} dead letters`;
  const resting = status.resting === undefined ? "" : `, ${status.resting.length} agents rest`;
  const soFar =
    page.lookedThrough < 1 ? ` so far (${Math.floor(page.lookedThrough * 100)} % of the lanes)` : "";
  return `${clockTime(nowMs)}  ${status.state}: ${page.running} awake, ${page.waiting - page.running} waiting${dead}${soFar}${resting}, log position ${status.position}`;
}

/** The heading of the table, and its lines: the oldest wait first. Longer than `columns` is cut. */
export function tableLines({ page: { sessions }, nowMs }: Look, columns: number): readonly string[] {
  const longest = Math.max(0, ...sessions.map(({ sessionKey }) => oneLine(sessionKey, 512).length));
  const keyChars = Math.max(KEY_CHARS_MIN, Math.min(longest, Math.floor(columns / 3)));
  const hasDead = sessions.some(({ dead }) => dead > 0);
  const row = (first: string, state: string, rest: Rest, style: Parameters<typeof paint>[0]): string => {
    const counts = [rest.queued, ...(hasDead ? [rest.dead] : [])].map((count) => count.padStart(COUNT_CHARS));
    const tail = [...counts, oneLine(rest.key, keyChars).padEnd(keyChars), oneLine(rest.why, 500)].join("  ");
    // Cut first, painted then: a colour takes no room.
    const room = Math.max(0, columns - WAIT_CHARS - STATE_CHARS - 4);
    return `${first.padStart(WAIT_CHARS)}  ${paint(style, state.padEnd(STATE_CHARS))}  ${tail.slice(0, room)}`;
  };
  const heading = { queued: "queued", dead: "dead", key: "session", why: "why" };
  return [
    row("waits", "state", heading, "bold"),
    ...sessions.map(({ sessionKey: key, state, queued, dead, sinceMs, why }) => {
      const rest = { queued: String(queued), dead: String(dead), key, why: whySentence(why, nowMs) };
      return row(duration(Math.max(0, nowMs - sinceMs)), state, rest, STATE_COLOURS[state]);
    }),
  ];
}

interface Rest {
  readonly queued: string;
  readonly dead: string;
  readonly key: string;
  readonly why: string;
}
