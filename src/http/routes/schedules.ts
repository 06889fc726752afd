import { createRoute } from "@hono/zod-openapi";
import type { PageOptions, ScheduleOptions } from "../../api.ts";
import { answer, type App, type Served } from "../answer.ts";
import { emptyBody, noQuery, pageQuery } from "../schemas/requests.ts";
import { recorded } from "../schemas/responses.ts";
import { schedule, scheduleBody, scheduleParams, scheduleSet } from "../schemas/schedules.ts";
import { answers, jsonBody, list } from "./shape.ts";

const read = { params: scheduleParams, query: noQuery };
const change = { ...read, body: jsonBody(emptyBody) };
const answered = answers(200, schedule, "As it is now.");

const all = createRoute({
  method: "get",
  path: "/v1/schedules",
  summary: "Schedules, by id.",
  request: { query: pageQuery },
  responses: answers(200, list("schedules", schedule), "One page."),
});
const set = createRoute({
  method: "post",
  path: "/v1/schedules",
  summary: "Make a schedule, or change it.",
  request: { query: noQuery, body: jsonBody(scheduleBody) },
  responses: answers(200, scheduleSet, "As it is now."),
});
const one = createRoute({
  method: "get",
  path: "/v1/schedules/{scheduleId}",
  summary: "One schedule with its next ticks.",
  request: read,
  responses: answered,
});
const remove = createRoute({
  method: "delete",
  path: "/v1/schedules/{scheduleId}",
  summary: "End a schedule; what its ticks have queued stays.",
  request: read,
  responses: answers(200, recorded, "Done."),
});
const pause = createRoute({
  method: "post",
  path: "/v1/schedules/{scheduleId}/pause",
  summary: "No more ticks until it is resumed.",
  request: change,
  responses: answered,
});
const resume = createRoute({
  method: "post",
  path: "/v1/schedules/{scheduleId}/resume",
  summary: "Go on with the first tick to come.",
  request: change,
  responses: answered,
});
const run = createRoute({
  method: "post",
  path: "/v1/schedules/{scheduleId}/run",
  summary: "One tick now; the cadence stays as it is.",
  request: change,
  responses: answered,
});

export function scheduleRoutes(app: App, { heartbeat }: Served): void {
  app.openapi(all, async (context) =>
    answer({ schedules: await heartbeat.schedules(context.req.valid("query") as PageOptions) }),
  );
  app.openapi(set, async (context) =>
    answer({ schedule: await heartbeat.setSchedule(context.req.valid("json") as ScheduleOptions) }),
  );
  const id = (context: { req: { valid(target: "param"): { scheduleId: string } } }): string =>
    context.req.valid("param").scheduleId;
  app.openapi(one, async (context) => answer(await heartbeat.schedule(id(context))));
  app.openapi(remove, async (context) => answer(await heartbeat.removeSchedule(id(context))));
  app.openapi(pause, async (context) => answer(await heartbeat.pauseSchedule(id(context))));
  app.openapi(resume, async (context) => answer(await heartbeat.resumeSchedule(id(context))));
  app.openapi(run, async (context) => answer(await heartbeat.runSchedule(id(context))));
}
