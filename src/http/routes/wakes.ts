import { createRoute } from "@hono/zod-openapi";
import type { Context } from "hono";
import type { Receipt } from "../../vocabulary.ts";
import { answer, isTimeout, stoppingError, waitLink, type App, type Served } from "../answer.ts";
import { WAIT_MS_DEFAULT } from "../limits.ts";
import { idParams, noQuery, waitQuery } from "../schemas/requests.ts";
import { receipt, wakeChain } from "../schemas/responses.ts";
import { promptOf } from "../prompt-of.ts";
import { answers } from "./shape.ts";

const get = createRoute({
  method: "get",
  path: "/v1/wakes/{id}",
  summary: "How far an event or a wake has come.",
  request: { params: idParams, query: waitQuery },
  responses: answers(
    200,
    receipt,
    "The receipt; with `?wait=` once that state is reached or the time is over.",
  ),
});

const chain = createRoute({
  method: "get",
  path: "/v1/wakes/{id}/chain",
  summary:
    "Everything that belongs to an event, a wake, a run or a delivery: from what caused it to its replies.",
  request: { params: idParams, query: noQuery },
  responses: answers(200, wakeChain, "The receipt, the records, the runs that caused it, and the prompt."),
});

export function wakeRoutes(app: App, served: Served): void {
  app.openapi(get, async (context) => {
    const { id } = context.req.valid("param");
    const { wait, waitMs = WAIT_MS_DEFAULT } = context.req.valid("query");
    if (wait === undefined) return answer(await served.heartbeat.receipt(id));
    return answer(await waitForState(served, context, id, wait, waitMs));
  });
  app.openapi(chain, async (context) => {
    const found = await served.heartbeat.chain(context.req.valid("param").id);
    return answer({ ...found, prompt: promptOf(found.records) });
  });
}

/** The receipt in that state, or as it is when the time is over. */
export async function waitForState(
  served: Served,
  context: Context,
  id: string,
  state: "started" | "settled",
  waitMs: number,
): Promise<Receipt> {
  using link = waitLink(context, served.stopping, waitMs);
  const { signal } = link;
  try {
    return await served.heartbeat.waitFor(id, state, { signal });
  } catch (error) {
    if (!signal.aborted) throw error;
    if (isTimeout(signal.reason)) return served.heartbeat.receipt(id);
    throw stoppingError();
  }
}
