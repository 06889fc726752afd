import { once } from "node:events";
import { styleText } from "node:util";
import { LubdubError } from "../errors.ts";
import { jsonLine, oneLine } from "./plain.ts";

const MESSAGE_CHARS_MAX = 2_000;

type Style = Parameters<typeof styleText>[0];

/** Data: to stdout. Waits while the reader is slow, so that a long log does not fill the memory. */
export async function print(line: string): Promise<void> {
  if (!process.stdout.write(`${line}\n`)) await once(process.stdout, "drain");
}

/** Talk: to stderr, so that it never gets into a pipe. */
export function talk(line: string): void {
  process.stderr.write(`${line}\n`);
}

/** Colours for stdout: only on a terminal, and not with NO_COLOR. */
export function paint(style: Style, text: string): string {
  return styleText(style, text, { stream: process.stdout });
}

/** One result: a JSON document, or lines for people. */
export async function show<T>(
  json: boolean | undefined,
  value: T,
  lines: (value: T) => string,
): Promise<void> {
  await print(json === true ? jsonLine(value) : lines(value));
}

/** A list: one JSON document per line, or one line per item for people. */
export async function showEach<T>(
  json: boolean | undefined,
  values: Iterable<T>,
  line: (value: T) => string,
): Promise<void> {
  for (const value of values) await print(json === true ? jsonLine(value) : line(value));
}

/** Says what went wrong, without a stack trace. */
export function complain(error: LubdubError, json: boolean): void {
  const { code, message, expected, got, fix, retryable } = error;
  if (json) talk(jsonLine({ error: { code, message, expected, got, fix, retryable } }));
  else talk(`lubdub: ${oneLine(message, MESSAGE_CHARS_MAX)} [${code}]`);
}
