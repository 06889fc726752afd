import { createRoute } from "@hono/zod-openapi";
import type { WhatIfOptions } from "../../api.ts";
import { answer, type App, type Served } from "../answer.ts";
import { stateAt, steps, whatIf, whatIfBody } from "../schemas/past.ts";
import { noQuery, stateQuery, stepsQuery } from "../schemas/requests.ts";
import { answers, jsonBody } from "./shape.ts";

const state = createRoute({
  method: "get",
  path: "/v1/state",
  summary: "The state as it was at a position: everything, or what belongs to one session.",
  request: { query: stateQuery },
  responses: answers(200, stateAt, "Folded from the log."),
});
const moved = createRoute({
  method: "get",
  path: "/v1/steps",
  summary: "A session's records, with what each of them moved.",
  request: { query: stepsQuery },
  responses: answers(200, steps, "One page; one answer looks at 40,000 records of the log at most."),
});
const imagine = createRoute({
  method: "post",
  path: "/v1/what-if",
  summary: "What would have come of it, if something else had happened at a past position.",
  description:
    "Nothing is written, nobody is woken. What a live caller would be told as an error is `refused`.",
  request: { query: noQuery, body: jsonBody(whatIfBody) },
  responses: answers(200, whatIf, "One answer for each happening."),
});

export function pastRoutes(app: App, { heartbeat }: Served): void {
  app.openapi(state, async (context) => {
    const { at, sessionKey } = context.req.valid("query");
    return answer(await heartbeat.stateAt(at, sessionKey === undefined ? {} : { sessionKey }));
  });
  app.openapi(moved, async (context) => {
    const { sessionKey, after, limit } = context.req.valid("query");
    const options = { ...(after === undefined ? {} : { after }), ...(limit === undefined ? {} : { limit }) };
    return answer(await heartbeat.steps({ sessionKey, ...options }));
  });
  app.openapi(imagine, async (context) =>
    answer(await heartbeat.whatIf(context.req.valid("json") as WhatIfOptions)),
  );
}
