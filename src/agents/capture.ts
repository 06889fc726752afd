import { StringDecoder } from "node:string_decoder";
import { stripVTControlCharacters } from "node:util";
import { plain } from "./plain.ts";

/** Bytes kept of an agent's reply. The rest is read and thrown away, so that a writer never gets stuck. */
export const REPLY_BYTES_MAX = 60_000;
/** Bytes kept of the end of an error output. */
export const ERROR_BYTES_MAX = 2_000;

/** Keeps the beginning of a stream of bytes. */
export function keepHead(bytesMax = REPLY_BYTES_MAX) {
  const chunks: Buffer[] = [];
  let kept = 0;
  let total = 0;
  return {
    add: (chunk: Buffer): void => {
      total += chunk.length;
      if (kept === bytesMax) return;
      const part = chunk.subarray(0, bytesMax - kept);
      kept += part.length;
      chunks.push(part);
    },
    /** What was kept, without half a character at its end, and a line that says if something is missing. */
    text: (): string => {
      const bytes = Buffer.concat(chunks);
      if (total === kept) return bytes.toString("utf8");
      return `${new StringDecoder("utf8").write(bytes)}\n(cut: ${kept} of ${total} bytes were kept)`;
    },
  };
}

/** Keeps the end of a stream of bytes. */
export function keepTail(bytesMax = ERROR_BYTES_MAX) {
  let last = Buffer.alloc(0);
  return {
    add: (chunk: Buffer): void => {
      last = Buffer.concat([last, chunk.subarray(-bytesMax)]).subarray(-bytesMax);
    },
    /** Made plain, because it goes into a message for people. */
    text: () => plain(stripVTControlCharacters(last.toString("utf8"))).trim(),
  };
}
