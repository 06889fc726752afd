import { createRoute, z } from "@hono/zod-openapi";
import type { Context } from "hono";
import type { Heartbeat } from "../../api.ts";
import type { LogRecord } from "../../core/records.ts";
import { LubdubError, shown } from "../../errors.ts";
import { answer, raw, type App, type Served } from "../answer.ts";
import { followLog } from "../follow.ts";
import { LOG_ANSWER_BYTES_MAX } from "../limits.ts";
import { logQuery, streamHeaders, streamQuery } from "../schemas/requests.ts";
import { logRecord } from "../schemas/responses.ts";
import { eventStream, type createStreamCount } from "../sse.ts";
import { answers, failures } from "./shape.ts";

const page = z.object({
  records: z.array(logRecord),
  next: z.number().int().openapi({ description: "Pass it as `from` for what follows." }),
  cut: z.boolean().openapi({
    description: `Whether it ends before \`limit\` because an answer has at most ${LOG_ANSWER_BYTES_MAX} bytes of records: go on with \`next\`, or, going back, with \`before\` the first of them.`,
  }),
});
const log = createRoute({
  method: "get",
  path: "/v1/log",
  summary: "Committed records in order.",
  request: { query: logQuery },
  responses: answers(200, page, "One page."),
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
    const { from = 1, before, limit = LOG_LIMIT_DEFAULT, sessionKey } = context.req.valid("query");
    return answer(await logPage(heartbeat, { after: Math.max(0, from - 1), before, limit, sessionKey }));
  });
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

const LOG_LIMIT_DEFAULT = 1_000;
/** Read at once: what does not fit into the answer was read in vain. */
const LOG_READ_RECORDS = 100;

interface LogQuery {
  readonly after: number;
  readonly before: number | undefined;
  readonly limit: number;
  readonly sessionKey: string | undefined;
}

/** Up to `limit` records, as long as they fit into one answer; with `before` the last of them, else the first. */
async function logPage(heartbeat: Heartbeat, { after, before, limit, sessionKey }: LogQuery) {
  const filter = sessionKey === undefined ? {} : { sessionKey };
  /** In the order in which they are looked at. */
  const found: LogRecord[] = [];
  const page = (cut: boolean) => {
    const records = before === undefined ? found : found.toReversed();
    return { records, next: (records.at(-1)?.position ?? after) + 1, cut };
  };
  let bytes = 0;
  for (;;) {
    const left = limit - found.length;
    // Forwards, a session's records are found from the newest on: each read goes through all of them.
    const size = sessionKey === undefined || before !== undefined ? Math.min(left, LOG_READ_RECORDS) : left;
    const last = found.at(-1)?.position;
    const place = before === undefined ? { after: last ?? after } : { after, before: last ?? before };
    const read = await heartbeat.read({ ...filter, ...place, limit: size });
    for (const record of before === undefined ? read : read.toReversed()) {
      bytes += Buffer.byteLength(JSON.stringify(record));
      if (bytes > LOG_ANSWER_BYTES_MAX && found.length > 0) return page(true);
      found.push(record);
    }
    if (read.length < size || found.length === limit) return page(false);
  }
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
