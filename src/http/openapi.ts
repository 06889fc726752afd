import { createRoute, z } from "@hono/zod-openapi";
import { answer, type App } from "./answer.ts";
import { answers } from "./routes/shape.ts";
import { noQuery } from "./schemas/requests.ts";

const document = createRoute({
  method: "get",
  path: "/openapi.json",
  summary: "This document.",
  request: { query: noQuery },
  responses: answers(200, z.looseObject({}), "OpenAPI 3.1."),
});

/** Registered last: the document lists every route before it, and itself. */
export function documentRoute(app: App): void {
  app.openAPIRegistry.registerComponent("securitySchemes", "token", { type: "http", scheme: "bearer" });
  app.openapi(document, () => answer(describe(app)));
}

function describe(app: App): unknown {
  return app.getOpenAPI31Document({
    openapi: "3.1.0",
    info: {
      title: "Lubdub",
      version: "1",
      description: "A durable heartbeat for agent runtimes. Session keys in paths are percent-encoded.",
    },
    security: [{ token: [] }],
  });
}
