import { createRoute, z } from "@hono/zod-openapi";
import type { Status } from "../../api.ts";
import { LubdubError } from "../../errors.ts";
import { answer, raw, stoppingError, type App, type Served } from "../answer.ts";
import type { Metrics } from "../metrics.ts";
import { noQuery } from "../schemas/requests.ts";
import { status } from "../schemas/responses.ts";
import { answers, failures } from "./shape.ts";

const request = { query: noQuery };
const healthz = createRoute({
  method: "get",
  path: "/healthz",
  summary: "The process answers. The one route without a token: it tells nothing.",
  security: [],
  request,
  responses: answers(200, z.object({ ok: z.literal(true) }), "It does."),
});
const readyz = createRoute({
  method: "get",
  path: "/readyz",
  summary: "Events are accepted; 503 says why not.",
  request,
  responses: answers(200, z.object({ ready: z.literal(true) }), "They are."),
});
const facts = createRoute({
  method: "get",
  path: "/v1/status",
  summary: "Health and counts.",
  request,
  responses: answers(200, status, "As of now."),
});
const figures = createRoute({
  method: "get",
  path: "/metrics",
  summary: "The same for Prometheus.",
  request,
  responses: {
    200: { description: "Text exposition format.", content: { "text/plain": { schema: z.string() } } },
    default: failures,
  },
});

export function healthRoute(app: App): void {
  app.openapi(healthz, () => answer({ ok: true }));
}

export function statusRoutes(app: App, { heartbeat }: Served, metrics: Metrics): void {
  app.openapi(readyz, async () => {
    checkReady(await heartbeat.status());
    return answer({ ready: true });
  });
  app.openapi(facts, async () => answer(await heartbeat.status()));
  app.openapi(figures, async () =>
    raw(new Response(await metrics.text(), { headers: { "content-type": metrics.contentType } })),
  );
}

function checkReady({ state, cause }: Status): void {
  if (state === "running") return;
  if (state !== "store-failed") throw stoppingError();
  throw new LubdubError("LUBDUB_STORE_FAILED", {
    expected: "a store that works",
    got: cause?.message ?? "one that failed",
    fix: "Free the disk or repair it, then start the daemon again.",
  });
}
