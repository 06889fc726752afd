import { createParser, type EventSourceMessage } from "eventsource-parser";

/** A server that sends not even a comment for so long is gone, in milliseconds; it beats every 15 s. */
const SILENCE_MS = 45_000;

/** The events of an open stream, in order, until it ends. @throws when the line breaks or falls silent */
export async function* eventsOf(response: Response): AsyncGenerator<EventSourceMessage> {
  const ready: EventSourceMessage[] = [];
  const parser = createParser({ onEvent: (event) => void ready.push(event) });
  const decoder = new TextDecoder();
  const reader = (response.body as ReadableStream<Uint8Array>).getReader();
  try {
    for (;;) {
      const { done, value } = await withSilenceLimit(reader);
      if (done) return;
      parser.feed(decoder.decode(value, { stream: true }));
      yield* ready.splice(0);
    }
  } finally {
    // Also when the reader of this generator stops early: the connection is of no use to anyone else.
    await reader.cancel().catch(() => {});
  }
}

async function withSilenceLimit(reader: ReadableStreamDefaultReader<Uint8Array>) {
  const silent = setTimeout(() => void reader.cancel(), SILENCE_MS);
  try {
    return await reader.read();
  } finally {
    clearTimeout(silent);
  }
}
