import { createRoute, z } from "@hono/zod-openapi";
import type { Context } from "hono";
import type { Heartbeat } from "../../api.ts";
import { LubdubError, shown } from "../../errors.ts";
import { answer, raw, type App, type Served } from "../answer.ts";
import { followLog } from "../follow.ts";
import { logQuery, stateQuery, streamHeaders, streamQuery } from "../schemas/requests.ts";
import { logRecord, stateAt } from "../schemas/responses.ts";
import { eventStream, type createStreamCount } from "../sse.ts";
import { answers, failures } from "./shape.ts";

const page = z.object({
  records: z.array(logRecord),
  next: z.number().int().openapi({ description: "Pass it as `from` for what follows." }),
});
const log = createRoute({
  method: "get",
  path: "/v1/log",
  summary: "Committed records in order.",
  request: { query: logQuery },
  responses: answers(200, page, "One page."),
});
const state = createRoute({
  method: "get",
  path: "/v1/state",
  summary: "The whole state as it was at a position.",
  request: { query: stateQuery },
  responses: answers(200, stateAt, "Folded from the log."),
});
const stream = createRoute({
  method: "get",
  path: "/v1/stream",
  summary: "Every record as it is committed.",
  description:
    "Server-sent events: the id is the position, the data the record. Resumes after Last-Event-ID. Also sends `open` with the " +
    "position it begins after, `gap` for records that were compacted away, `problem` before it ends with an error.",
  request: { query: streamQuery, headers: streamHeaders },
  responses: {
    200: { description: "The stream.", content: { "text/event-stream": { schema: z.string() } } },
    default: failures,
  },
});

export function logRoutes(app: App, served: Served, streams: ReturnType<typeof createStreamCount>): void {
  const { heartbeat, limits } = served;
  app.openapi(log, async (context) => {
    const { from = 1, before, limit, sessionKey } = context.req.valid("query");
    const records = await heartbeat.read({
      after: Math.max(0, from - 1),
      ...(before === undefined ? {} : { before }),
      ...(limit === undefined ? {} : { limit }),
      ...(sessionKey === undefined ? {} : { sessionKey }),
    });
    return answer({ records, next: (records.at(-1)?.position ?? from - 1) + 1 });
  });
  app.openapi(state, async (context) => answer(await heartbeat.stateAt(context.req.valid("query").at)));
  app.openapi(stream, async (context) => {
    const { after, sessionKey } = context.req.valid("query");
    const start = await startOf(heartbeat, context, after);
    const options = {
      after: start,
      beatMs: limits.beatMs,
      ...(sessionKey === undefined ? {} : { sessionKey }),
    };
    // Nobody would read it: it would hold its place, and the connection, for ever.
    if (context.req.method === "HEAD")
      return raw(new Response(null, { headers: { "content-type": "text/event-stream" } }));
    streams.enter();
    return raw(
      eventStream(context, served, (writer) =>
        followLog(heartbeat, writer, options).finally(() => streams.leave()),
      ),
    );
  });
}

/** The header wins: a browser repeats the first address when it comes back. A position of another log is refused. */
async function startOf(heartbeat: Heartbeat, context: Context, after: number | undefined): Promise<number> {
  const header = context.req.header("last-event-id");
  const { position } = await heartbeat.status();
  const start =
    header === undefined ? (after ?? position) : /^\d{1,15}$/.test(header) ? Number(header) : Number.NaN;
  if (start <= position) return start;
  throw new LubdubError("LUBDUB_INPUT_INVALID", {
    expected: `a position of this log: 0 to ${position}`,
    got: shown(header ?? after),
    fix: "Begin again without Last-Event-ID: it is of another log.",
  });
}
