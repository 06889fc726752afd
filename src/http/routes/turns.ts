import { createRoute, z } from "@hono/zod-openapi";
import type { Turns } from "../turns.ts";
import {
  answer,
  isTimeout,
  raw,
  sessionKeyOf,
  stoppingError,
  waitLink,
  type App,
  type Served,
} from "../answer.ts";
import { LubdubError } from "../../errors.ts";
import { TURN_TTL_MS_DEFAULT, WAIT_MS_DEFAULT } from "../limits.ts";
import { idleQuery, keyParams, noQuery, renewBody, turnBody, turnParams } from "../schemas/requests.ts";
import { turn } from "../schemas/responses.ts";
import { answers, failures, jsonBody } from "./shape.ts";

const busy = z.object({ busy: z.boolean() });
const state = createRoute({
  method: "get",
  path: "/v1/sessions/{key}/turns",
  summary: "Whether a turn or a run holds the session's lane; `?wait=idle` waits until none does.",
  request: { params: keyParams, query: idleQuery },
  responses: answers(200, busy, "Still busy when the time is over."),
});
const take = createRoute({
  method: "post",
  path: "/v1/sessions/{key}/turns",
  summary: "Take the lane for a user's turn: no run overlaps it.",
  description: "Ends by itself when it is not renewed within `ttlMs`. 409 when the lane is not free in time.",
  request: { params: keyParams, query: noQuery, body: jsonBody(turnBody) },
  responses: answers(201, turn, "Held."),
});
const renew = createRoute({
  method: "post",
  path: "/v1/sessions/{key}/turns/{turnId}/renew",
  summary: "Hold it for another `ttlMs`.",
  request: { params: turnParams, query: noQuery, body: jsonBody(renewBody) },
  responses: answers(200, turn, "Held."),
});
const release = createRoute({
  method: "delete",
  path: "/v1/sessions/{key}/turns/{turnId}",
  summary: "Give the lane back.",
  request: { params: turnParams, query: noQuery },
  responses: { 204: { description: "Free, also when it was before." }, default: failures },
});

export function turnRoutes(app: App, served: Served, turns: Turns): void {
  const { heartbeat, stopping } = served;
  app.openapi(state, async (context) => {
    const { wait, waitMs = WAIT_MS_DEFAULT } = context.req.valid("query");
    const key = sessionKeyOf(context);
    if (wait !== undefined) {
      using link = waitLink(context, stopping, waitMs);
      await untilIdle(served, key, link.signal);
    }
    return answer({ busy: await heartbeat.isBusy(key) });
  });
  app.openapi(take, async (context) => {
    const {
      preempt = true,
      route,
      ttlMs = TURN_TTL_MS_DEFAULT,
      waitMs = WAIT_MS_DEFAULT,
    } = context.req.valid("json");
    using link = waitLink(context, stopping, waitMs);
    const { signal } = link;
    try {
      return answer(await turns.take(sessionKeyOf(context), { preempt, route, ttlMs, signal }), 201);
    } catch (error) {
      if (!signal.aborted) throw error;
      throw isTimeout(signal.reason) ? laneBusy(waitMs) : stoppingError();
    }
  });
  app.openapi(renew, (context) => {
    const { ttlMs = TURN_TTL_MS_DEFAULT } = context.req.valid("json");
    return answer(turns.renew(sessionKeyOf(context), context.req.valid("param").turnId, ttlMs));
  });
  app.openapi(release, (context) => {
    turns.release(sessionKeyOf(context), context.req.valid("param").turnId);
    return raw(new Response(null, { status: 204 }));
  });
}

/** Registers before it asks: an end between the two is not missed. */
async function untilIdle({ heartbeat }: Served, sessionKey: string, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const stopWaiting = heartbeat.onIdle(sessionKey, resolve);
  signal.addEventListener("abort", () => resolve(), { once: true });
  if (signal.aborted) resolve();
  try {
    if (await heartbeat.isBusy(sessionKey)) await promise;
  } finally {
    stopWaiting();
  }
}

function laneBusy(waitMs: number): LubdubError {
  return new LubdubError("LUBDUB_LANE_BUSY", {
    expected: `the lane to be free within ${waitMs} ms`,
    got: "one that another turn or run still holds",
    fix: "Ask again, or wait longer (`waitMs`).",
  });
}
