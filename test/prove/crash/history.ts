import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

/**
 * What a process that may die says about itself, one JSON line per thing, in order: a file outlives `kill -9`. A `sent` is written before the
 * call, an `acked` after its promise has resolved, a `run` and an `answered` by the agent before it answers, an `ended` after the commit.
 */
export type Entry =
  | { readonly type: "started"; readonly process: number }
  | { readonly type: "sent"; readonly key: string; readonly n: number }
  | {
      readonly type: "acked";
      readonly key: string;
      readonly n: number;
      readonly eventId: string;
      readonly position: number;
    }
  | {
      readonly type: "run";
      readonly key: string;
      readonly wakeId: string;
      readonly runId: string;
      readonly attempt: number;
      readonly events: readonly Seen[];
    }
  | { readonly type: "answered"; readonly runId: string; readonly ran: boolean }
  | { readonly type: "ended"; readonly runId: string; readonly ran: boolean; readonly position: number }
  | { readonly type: "refused"; readonly code: string }
  | { readonly type: "drained" };

/** One event as the agent saw it; `sentTo` and `n` come out of its text. */
export interface Seen {
  readonly eventId: string;
  readonly key: string;
  readonly sentTo: string;
  readonly n: number;
}

export const historyFile = (folder: string): string => join(folder, "history.jsonl");
export const dataFolder = (folder: string): string => join(folder, "data");

/** In quotes: white space at the ends of a text is not kept. */
export const textOf = (key: string, n: number): string => `${n} ${JSON.stringify(key)}`;
export function fromText(text: string): { readonly sentTo: string; readonly n: number } {
  const space = text.indexOf(" ");
  return { n: Number(text.slice(0, space)), sentTo: JSON.parse(text.slice(space + 1)) as string };
}

/** A line that the end of its process has cut off says nothing; what it stood for had not happened yet, or is not known. */
export function readHistory(folder: string): Entry[] {
  const file = historyFile(folder);
  return existsSync(file) ? parseHistory(readFileSync(file, "utf8")) : [];
}

export function parseHistory(text: string): Entry[] {
  const entries: Entry[] = [];
  for (const line of text.split("\n")) {
    if (line.endsWith("}")) entries.push(JSON.parse(line) as Entry);
  }
  return entries;
}
