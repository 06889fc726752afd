import { stripVTControlCharacters } from "node:util";
import { plain } from "../agents/plain.ts";

/** Text that others wrote, on one line and safe for a terminal, cut to `charsMax` characters. */
export function oneLine(text: string, charsMax = 100): string {
  const line = plain(stripVTControlCharacters(text)).replace(/\s+/g, " ").trim();
  return line.length <= charsMax ? line : `${line.slice(0, charsMax - 3)}...`;
}

/** JSON on one line that cannot command a terminal. The escapes are JSON's own: a program reads back what was there. */
export function jsonLine(value: unknown): string {
  return JSON.stringify(value).replace(
    STEERING,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** Control characters, line separators and marks that turn the direction of writing. */
const STEERING = /[\p{Cc}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/gu;
