import type { EntryKind, TimelineEntry } from "../timeline/timeline.ts";
import { excerpt } from "../words/excerpt.ts";
import { clockTime, duration } from "../words/time.ts";
import { paint } from "./output.ts";
import { oneLine } from "./plain.ts";

const KEY_CHARS_MAX = 512;
const WORDS_CHARS_MAX = 400;
const KIND_CHARS = 8;

const COLOURS: Readonly<Record<EntryKind, Parameters<typeof paint>[0]>> = {
  event: "cyan",
  wake: "cyan",
  wait: "yellow",
  run: "bold",
  ack: "green",
  reply: "magenta",
  delivery: "magenta",
  schedule: "blue",
  session: "gray",
};

/** One line of a timeline: when, what, whose, how long it took. */
export function timelineLine(entry: TimelineEntry): string {
  const { atMs, sessionKey, kind, text, untilMs, ok } = entry;
  const said = text === undefined ? "" : text === null ? ": (forgotten)" : `: "${excerpt(text)}"`;
  const until = untilMs === undefined ? "" : `, until ${clockTime(untilMs)} at the latest`;
  const told = oneLine(`${lasting(entry)}${until}${said}`, WORDS_CHARS_MAX);
  const label = paint(ok === false ? "red" : COLOURS[kind], kind.padEnd(KIND_CHARS));
  const time = entry.open === true ? "still".padEnd(clockTime(atMs).length) : clockTime(atMs);
  return `${time}  ${label}  ${oneLine(sessionKey, KEY_CHARS_MAX)}  ${told}`;
}

function lasting({ atMs, kind, words, fromMs, open }: TimelineEntry): string {
  if (fromMs === undefined) return words;
  const length = duration(atMs - fromMs);
  if (kind === "wait")
    return open === true ? `has waited ${length} so far ${words}` : `waited ${length} ${words}`;
  return open === true ? `${words}, for ${length} so far` : `${words} in ${length}`;
}
