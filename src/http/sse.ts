import type { Context } from "hono";
import { streamSSE } from "hono/streaming";
import { LubdubError } from "../errors.ts";
import { linkedSignal } from "../linked-signal.ts";
import { nodeOf, type AppEnv } from "./answer.ts";
import type { HttpLimits } from "./limits.ts";
import { problemOf } from "./problem.ts";
import { waitFor } from "./wait.ts";

/** One event stream as its writer sees it. */
export interface EventWriter {
  /** Ends when the client goes away, is too slow, or the server stops. */
  readonly signal: AbortSignal;
  /** Resolves when the client has taken it: what is not taken is never piled up here. */
  send(message: { readonly event?: string; readonly id?: string; readonly data: string }): Promise<void>;
  /** A comment: keeps the line open and shows the other side that it is. */
  beat(): Promise<void>;
}

/**
 * Opens an event stream. The writer waits for its client, so a stream holds one message at most; a client that leaves it
 * unread for `slowClientMs` is dropped and may come back with Last-Event-ID. An error becomes an event `problem`.
 */
export function eventStream(
  context: Context<AppEnv>,
  { limits, stopping }: { readonly limits: HttpLimits; readonly stopping: AbortSignal },
  write: (writer: EventWriter) => Promise<void>,
): Response {
  const gone = new AbortController();
  return streamSSE(context, async (stream) => {
    using link = linkedSignal([gone.signal, stopping]);
    const { signal } = link;
    stream.onAbort(() => gone.abort());
    // A body that nobody reads (the client is too slow, or asked with HEAD) leaves its promise open for ever.
    const taken = async (written: Promise<unknown>): Promise<void> => {
      if (await waitFor(written, limits.slowClientMs, signal)) return void (await written);
      stream.abort();
      nodeOf(context).outgoing?.destroy();
    };
    const writer: EventWriter = {
      signal,
      send: (message) => taken(stream.writeSSE(message)),
      beat: () => taken(stream.write(": lub\n\n")),
    };
    try {
      await write(writer);
    } catch (error) {
      if (!signal.aborted) await writer.send({ event: "problem", data: JSON.stringify(problemOf(error)) });
    }
  });
}

/** Counts the open streams of one server. */
export function createStreamCount(max: number): { enter(): void; leave(): void; open(): number } {
  let open = 0;
  return {
    enter() {
      if (open >= max) {
        throw new LubdubError("LUBDUB_TOO_MANY", {
          expected: `at most ${max} open streams`,
          got: "one more",
          fix: "Close streams that nobody reads.",
        });
      }
      open += 1;
    },
    leave: () => void (open -= 1),
    open: () => open,
  };
}
