import { createReadStream } from "node:fs";

/** Longer than any record: what follows without a line's end is no export. */
const LINE_BYTES_MAX = 4 * 1024 * 1024;

/**
 * The lines of a file, one after the other; the last one need not end. The memory it takes is that of one line.
 * @param tooLong - makes the error for a line of more than 4 MiB
 */
export async function* linesOf(file: string, tooLong: () => Error): AsyncGenerator<string> {
  let rest: Buffer[] = [];
  let restBytes = 0;
  for await (const chunk of createReadStream(file) as AsyncIterable<Buffer>) {
    let from = 0;
    for (let end = chunk.indexOf(10); end !== -1; end = chunk.indexOf(10, from)) {
      yield Buffer.concat([...rest, chunk.subarray(from, end)]).toString("utf8");
      rest = [];
      restBytes = 0;
      from = end + 1;
    }
    restBytes += chunk.length - from;
    if (restBytes > LINE_BYTES_MAX) throw tooLong();
    rest.push(chunk.subarray(from));
  }
  if (restBytes > 0) yield Buffer.concat(rest).toString("utf8");
}
