import type { Context } from "hono";
import type { Outcome } from "../vocabulary.ts";
import type { AppEnv, Served } from "./answer.ts";
import { eventStream } from "./sse.ts";
import { waitFor } from "./wait.ts";

/** The outcome of a run that may take longer than a client waits for headers: beats first, then one event `outcome`. */
export function outcomeStream(context: Context<AppEnv>, result: Promise<Outcome>, served: Served): Response {
  // The stream may end before the run does; its failure is then nobody's.
  result.catch(() => {});
  return eventStream(context, served, async (writer) => {
    const { signal } = writer;
    await writer.beat();
    while (!signal.aborted) {
      if (await waitFor(result, served.limits.beatMs, signal)) {
        await writer.send({ event: "outcome", data: JSON.stringify(await result) });
        return;
      }
      if (!signal.aborted) await writer.beat();
    }
  });
}
