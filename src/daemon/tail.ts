import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { stripVTControlCharacters } from "node:util";

/** How much of a command's output an agent is shown, in bytes. The rest stays in the run's folder. */
export const TAIL_BYTES_MAX = 4_096;

/** The end of what a command printed, as plain text. What it said to stderr comes last, and has at least half of the room. */
export function tailOf(files: { readonly stdout: string; readonly stderr: string }): string {
  const stderr = endOf(files.stderr, TAIL_BYTES_MAX);
  const stdout = endOf(files.stdout, TAIL_BYTES_MAX - Math.min(stderr.length, TAIL_BYTES_MAX / 2));
  const room = TAIL_BYTES_MAX - stdout.length;
  const parts = [asText(stdout), asText(stderr.subarray(Math.max(0, stderr.length - room)))];
  return parts.filter((part) => part !== "").join("\n");
}

function endOf(file: string, bytesMax: number): Buffer {
  const fd = openSync(file, "r");
  try {
    const { size } = fstatSync(fd);
    const length = Math.min(size, bytesMax);
    const bytes = Buffer.alloc(length);
    return bytes.subarray(0, readSync(fd, bytes, 0, length, size - length));
  } finally {
    closeSync(fd);
  }
}

/** A cut may fall inside a character; what is left of it goes. Carriage returns become lines: progress bars stay readable. */
function asText(bytes: Buffer): string {
  let start = 0;
  while (start < 3 && ((bytes[start] ?? 0) & 0xc0) === 0x80) start += 1;
  const text = stripVTControlCharacters(bytes.toString("utf8", start)).replace(/\r\n?/g, "\n");
  return text.replace(/[^\P{Cc}\n\t]/gu, "").trim();
}
