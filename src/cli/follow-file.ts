import { once } from "node:events";
import { open, type FileHandle } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";

const CHUNK_BYTES = 65_536;

/** Copies a growing file to a stream until `ended`, and then what is left. The file may appear later, or never. */
export async function copyWhile(
  ended: Promise<unknown>,
  {
    file,
    to,
    pollMs,
  }: { readonly file: string; readonly to: NodeJS.WritableStream; readonly pollMs: number },
): Promise<void> {
  let isOver = false;
  const over = ended.finally(() => (isOver = true));
  await using source = new Source(file);
  for (;;) {
    const wasOver = isOver;
    for (let chunk = await source.read(); chunk.length > 0; chunk = await source.read()) {
      if (!to.write(chunk)) await once(to, "drain");
    }
    if (wasOver) return;
    await Promise.race([over, delay(pollMs)]);
  }
}

class Source implements AsyncDisposable {
  readonly #file: string;
  #handle: FileHandle | undefined;

  constructor(file: string) {
    this.#file = file;
  }

  /** What was added since the last call; empty when nothing was. */
  async read(): Promise<Uint8Array> {
    this.#handle ??= await open(this.#file, "r").catch(() => undefined);
    if (this.#handle === undefined) return new Uint8Array();
    const { buffer, bytesRead } = await this.#handle.read(Buffer.alloc(CHUNK_BYTES));
    return buffer.subarray(0, bytesRead);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#handle?.close();
  }
}
