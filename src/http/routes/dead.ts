import { createRoute } from "@hono/zod-openapi";
import type { DeliveryPage, PageOptions } from "../../api.ts";
import { answer, type App, type Served } from "../answer.ts";
import { emptyBody, deadParams, deliveriesQuery, noQuery, pageQuery } from "../schemas/requests.ts";
import { deadLetter, delivery, recorded, stored } from "../schemas/responses.ts";
import { storedAnswer } from "./events.ts";
import { answers, jsonBody, list } from "./shape.ts";

const change = { params: deadParams, query: noQuery, body: jsonBody(emptyBody) };
const all = createRoute({
  method: "get",
  path: "/v1/dead",
  summary: "Dead letters, by session key.",
  request: { query: pageQuery },
  responses: answers(200, list("deadLetters", deadLetter), "One page."),
});
const requeue = createRoute({
  method: "post",
  path: "/v1/dead/{id}/requeue",
  summary: "Put an event back at the end of its queue, and wake; or a delivery back into its line.",
  request: change,
  responses: answers(202, stored, "Stored: synced to disk, not yet run."),
});
const dismiss = createRoute({
  method: "post",
  path: "/v1/dead/{id}/dismiss",
  summary: "Give an event, or a delivery, up for good.",
  request: change,
  responses: answers(200, recorded, "Done."),
});

const deliveries = createRoute({
  method: "get",
  path: "/v1/deliveries",
  summary: "Replies that are on their way or dead, by id.",
  request: { query: deliveriesQuery },
  responses: answers(200, list("deliveries", delivery), "One page."),
});

export function deadRoutes(app: App, { heartbeat }: Served): void {
  app.openapi(all, async (context) =>
    answer({ deadLetters: await heartbeat.deadLetters(context.req.valid("query") as PageOptions) }),
  );
  app.openapi(deliveries, async (context) =>
    answer({ deliveries: await heartbeat.deliveries(context.req.valid("query") as DeliveryPage) }),
  );
  app.openapi(requeue, async (context) =>
    storedAnswer(await heartbeat.requeue(context.req.valid("param").id)),
  );
  app.openapi(dismiss, async (context) => answer(await heartbeat.dismiss(context.req.valid("param").id)));
}
