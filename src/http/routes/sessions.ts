import { createRoute, z } from "@hono/zod-openapi";
import type { OnceOptions, PageOptions, WaitingPageOptions, WakeOptions } from "../../api.ts";
import { answer, raw, sessionKeyOf, type App, type Served } from "../answer.ts";
import {
  emptyBody,
  keyParams,
  noQuery,
  onceBody,
  pageQuery,
  waitingQuery,
  wakeBody,
} from "../schemas/requests.ts";
import {
  outcome,
  recorded,
  sessionSummary,
  sessionView,
  stored,
  systemEvent,
  waitingPage,
  why,
} from "../schemas/responses.ts";
import { outcomeStream } from "../outcome-stream.ts";
import { storedAnswer } from "./events.ts";
import { answers, jsonBody, list } from "./shape.ts";

const read = { params: keyParams, query: noQuery };
const change = { ...read, body: jsonBody(emptyBody) };
const ask = { ...read, body: jsonBody(wakeBody) };
const events = list("events", systemEvent);
const page = z.object({
  sessions: z.array(sessionSummary),
  next: z.string().nullable().openapi({ description: "Pass it as `after`; null: that was all." }),
});

const all = createRoute({
  method: "get",
  path: "/v1/sessions",
  summary: "Sessions, by key.",
  request: { query: pageQuery },
  responses: answers(200, page, "One page."),
});
const waits = createRoute({
  method: "get",
  path: "/v1/waiting",
  summary: "Sessions that are awake or wait, oldest wait first, each with why.",
  request: { query: waitingQuery },
  responses: answers(200, waitingPage, "One page, with the counts of all."),
});
const one = createRoute({
  method: "get",
  path: "/v1/sessions/{key}",
  summary: "One session with its queue.",
  request: read,
  responses: answers(200, sessionView, "The live view."),
});
const whyNot = createRoute({
  method: "get",
  path: "/v1/sessions/{key}/why",
  summary: "Why the session is not awake yet, and until when.",
  request: read,
  responses: answers(200, why, "A code, a sentence, a time."),
});
const peek = createRoute({
  method: "get",
  path: "/v1/sessions/{key}/events",
  summary: "The queued events, oldest first, without taking them.",
  request: read,
  responses: answers(200, events, "The queue."),
});
const drain = createRoute({
  method: "post",
  path: "/v1/sessions/{key}/drain",
  summary: "Take the queued events that no run holds: they count as handled.",
  request: change,
  responses: answers(200, events, "What was taken."),
});
const wake = createRoute({
  method: "post",
  path: "/v1/sessions/{key}/wake",
  summary: "Ask for a run with whatever is queued.",
  request: ask,
  responses: answers(202, stored, "Stored: synced to disk, not yet run."),
});
const run = createRoute({
  method: "post",
  path: "/v1/sessions/{key}/run",
  summary: "Wake now and wait for the outcome, however long it takes.",
  description:
    "With `Accept: text/event-stream` the outcome comes as an event and comments keep the line open.",
  request: { ...read, body: jsonBody(onceBody) },
  responses: answers(200, outcome, "How the run ended."),
});
const forget = createRoute({
  method: "post",
  path: "/v1/sessions/{key}/forget",
  summary: "Empty the queue and erase the session's texts for good.",
  request: change,
  responses: answers(200, recorded, "Done."),
});

export function sessionRoutes(app: App, served: Served): void {
  const { heartbeat } = served;
  app.openapi(all, async (context) => {
    const query = context.req.valid("query");
    const sessions = await heartbeat.sessions(query as PageOptions);
    const full = sessions.length === (query.limit ?? DEFAULT_PAGE);
    return answer({ sessions, next: full ? (sessions.at(-1)?.sessionKey ?? null) : null });
  });
  app.openapi(waits, async (context) =>
    answer(await heartbeat.waiting(context.req.valid("query") as WaitingPageOptions)),
  );
  app.openapi(one, async (context) => answer(await heartbeat.session(sessionKeyOf(context))));
  app.openapi(whyNot, async (context) => answer(await heartbeat.why(sessionKeyOf(context))));
  app.openapi(peek, async (context) =>
    answer({ events: await heartbeat.peekSystemEvents(sessionKeyOf(context)) }),
  );
  app.openapi(drain, async (context) =>
    answer({ events: await heartbeat.drainSystemEvents(sessionKeyOf(context)) }),
  );
  app.openapi(forget, async (context) => answer(await heartbeat.forget(sessionKeyOf(context))));
  app.openapi(wake, async (context) => {
    const options = { ...context.req.valid("json"), sessionKey: sessionKeyOf(context) } as WakeOptions;
    return storedAnswer(await heartbeat.requestHeartbeat(options));
  });
  app.openapi(run, async (context) => {
    const options = { ...context.req.valid("json"), sessionKey: sessionKeyOf(context) } as OnceOptions;
    const result = heartbeat.runHeartbeatOnce(options);
    if (context.req.header("accept") !== "text/event-stream") return answer(await result);
    return raw(outcomeStream(context, result, served));
  });
}

/** The heartbeat's own default of `limit`. */
const DEFAULT_PAGE = 100;
