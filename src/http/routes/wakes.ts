import { createRoute } from "@hono/zod-openapi";
import type { Context } from "hono";
import type { Receipt } from "../../vocabulary.ts";
import { answer, isTimeout, stoppingError, waitLink, type App, type Served } from "../answer.ts";
import { WAIT_MS_DEFAULT } from "../limits.ts";
import { idParams, waitQuery } from "../schemas/requests.ts";
import { receipt } from "../schemas/responses.ts";
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

export function wakeRoutes(app: App, served: Served): void {
  app.openapi(get, async (context) => {
    const { id } = context.req.valid("param");
    const { wait, waitMs = WAIT_MS_DEFAULT } = context.req.valid("query");
    if (wait === undefined) return answer(await served.heartbeat.receipt(id));
    return answer(await waitForState(served, context, id, wait, waitMs));
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
