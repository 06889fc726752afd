import { createHash } from "node:crypto";
import { createRoute, type z } from "@hono/zod-openapi";
import type { Context } from "hono";
import type { EventOptions } from "../../api.ts";
import { LubdubError } from "../../errors.ts";
import type { Accepted } from "../../vocabulary.ts";
import { answer, type App, type Served } from "../answer.ts";
import { WAIT_MS_DEFAULT } from "../limits.ts";
import { eventBody, idempotencyKey, waitQuery } from "../schemas/requests.ts";
import { stored } from "../schemas/responses.ts";
import { waitForState } from "./wakes.ts";
import { answers, jsonBody } from "./shape.ts";

const post = createRoute({
  method: "post",
  path: "/v1/events",
  summary: "Queue one event and wake its session.",
  request: { body: { ...jsonBody(eventBody), required: true }, query: waitQuery },
  parameters: [idempotencyKey],
  responses: {
    ...answers(202, stored, "Stored: synced to disk, not yet run."),
    ...answers(200, stored, "It was accepted before: the ids are those of the first time."),
  },
});

export function eventRoutes(app: App, served: Served): void {
  const { heartbeat } = served;
  app.openapi(post, async (context) => {
    const { text, wake = true, id: _id, ...options } = context.req.valid("json");
    const dedupeKey = dedupeKeyOf(context, context.req.valid("json"));
    const event = { ...options, ...(dedupeKey === undefined ? {} : { dedupeKey }) } as EventOptions;
    const accepted = wake
      ? await heartbeat.wake(text, event)
      : await heartbeat.enqueueSystemEvent(text, event);
    const { wait, waitMs = WAIT_MS_DEFAULT } = context.req.valid("query");
    const receipt =
      wait === undefined ? undefined : await waitForState(served, context, followed(accepted), wait, waitMs);
    return storedAnswer(accepted, { receipt });
  });
}

/** 202 says what it proves; 200 that the same was accepted before. */
export function storedAnswer(accepted: Accepted, more: Record<string, unknown> = {}) {
  const url = `/v1/wakes/${encodeURIComponent(followed(accepted))}`;
  const meaning = "It is synced to disk and will be run; it has not been run yet unless the receipt says so.";
  const status = accepted.deduplicated ? 200 : 202;
  return answer({ ...accepted, proves: "stored", meaning, url, ...more }, status, { location: url });
}

function followed(accepted: Accepted): string {
  return accepted.eventId ?? accepted.wakeId;
}

/** Three ways to say "this is the same event as before"; saying two at once would leave open which one counts. */
function dedupeKeyOf(context: Context, body: z.infer<typeof eventBody>): string | undefined {
  const header = context.req.header("idempotency-key");
  const given = [header, body.dedupeKey, body.id].filter((key) => key !== undefined);
  if (given.length > 1 || (body.id !== undefined && body.source === undefined)) {
    throw new LubdubError("LUBDUB_INPUT_INVALID", {
      expected: "one of: the header Idempotency-Key, `dedupeKey`, or `source` with `id`",
      got: given.length > 1 ? "more than one" : "`id` without `source`",
      fix: "Give one.",
    });
  }
  if (body.id === undefined) return header ?? body.dedupeKey;
  // A digest of both: no pair of source and id can be spelt like another pair.
  const pair = JSON.stringify([body.source, body.id]);
  return `source+id:${createHash("sha256").update(pair).digest("base64url")}`;
}
