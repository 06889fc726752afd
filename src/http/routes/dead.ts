import { createRoute } from "@hono/zod-openapi";
import type { PageOptions } from "../../api.ts";
import { answer, type App, type Served } from "../answer.ts";
import { emptyBody, eventIdParams, noQuery, pageQuery } from "../schemas/requests.ts";
import { deadLetter, recorded, stored } from "../schemas/responses.ts";
import { storedAnswer } from "./events.ts";
import { answers, jsonBody, list } from "./shape.ts";

const change = { params: eventIdParams, query: noQuery, body: jsonBody(emptyBody) };
const all = createRoute({
  method: "get",
  path: "/v1/dead",
  summary: "Dead letters, by session key.",
  request: { query: pageQuery },
  responses: answers(200, list("deadLetters", deadLetter), "One page."),
});
const requeue = createRoute({
  method: "post",
  path: "/v1/dead/{eventId}/requeue",
  summary: "Put one back at the end of its queue, and wake.",
  request: change,
  responses: answers(202, stored, "Stored: synced to disk, not yet run."),
});
const dismiss = createRoute({
  method: "post",
  path: "/v1/dead/{eventId}/dismiss",
  summary: "Give one up for good.",
  request: change,
  responses: answers(200, recorded, "Done."),
});

export function deadRoutes(app: App, { heartbeat }: Served): void {
  app.openapi(all, async (context) =>
    answer({ deadLetters: await heartbeat.deadLetters(context.req.valid("query") as PageOptions) }),
  );
  app.openapi(requeue, async (context) =>
    storedAnswer(await heartbeat.requeue(context.req.valid("param").eventId)),
  );
  app.openapi(dismiss, async (context) =>
    answer(await heartbeat.dismiss(context.req.valid("param").eventId)),
  );
}
