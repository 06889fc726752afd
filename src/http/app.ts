import { OpenAPIHono } from "@hono/zod-openapi";
import { methodNotAllowed } from "hono/method-not-allowed";
import type { ZodError } from "zod";
import type { Heartbeat } from "../api.ts";
import { LubdubError, shown } from "../errors.ts";
import type { App, AppEnv, Served } from "./answer.ts";
import { authenticate } from "./auth.ts";
import type { Authorities } from "./authority.ts";
import { readJson } from "./body.ts";
import { createFailureLimit } from "./failures.ts";
import { checkHost, checkOrigin, checkPath, noStore, inOneStep, securityHeaders } from "./guard.ts";
import { DEFAULT_LIMITS, type HttpLimits } from "./limits.ts";
import { createMetrics } from "./metrics.ts";
import { documentRoute } from "./openapi.ts";
import { pageHeaders, pageRoutes, signInRoutes } from "./pages/routes.ts";
import { createSignIns } from "./pages/sign-ins.ts";
import { problemResponse } from "./problem.ts";
import { backupRoute } from "./routes/backup.ts";
import { deadRoutes } from "./routes/dead.ts";
import { eventRoutes } from "./routes/events.ts";
import { healthRoute, statusRoutes } from "./routes/health.ts";
import { logRoutes } from "./routes/log.ts";
import { pastRoutes } from "./routes/past.ts";
import { scheduleRoutes } from "./routes/schedules.ts";
import { sessionRoutes } from "./routes/sessions.ts";
import { turnRoutes } from "./routes/turns.ts";
import { wakeRoutes } from "./routes/wakes.ts";
import { createStreamCount } from "./sse.ts";
import { createTurns } from "./turns.ts";

export interface HttpAppOptions {
  readonly heartbeat: Heartbeat;
  /** What callers must show: at least 16 characters. */
  readonly token: string;
  /** The `name:port` pairs by which it may be called: see `authoritiesFor`. */
  readonly authorities: Authorities;
  /** Where `POST /v1/backup` may write. @default backups are refused */
  readonly backupFolder?: string;
  readonly limits?: Partial<HttpLimits>;
  /** Told of errors that are bugs; their callers only learn that there was one. @default nothing */
  readonly onBug?: (error: unknown) => void;
  /** Milliseconds, for the rate limit of wrong tokens and the age of sign-ins. @default Date.now */
  readonly nowMs?: () => number;
}

export interface HttpApp {
  /** For `app.request()` in tests, and for mounting more routes behind the same guards. */
  readonly app: App;
  readonly fetch: App["fetch"];
  /** Ends streams, waits and turns; later requests are still answered. */
  close(): void;
}

/**
 * The routes of a heartbeat. The order is the defence: who is called, who calls, with which token, with what; only then
 * whether there is such a route.
 */
export function createHttpApp(options: HttpAppOptions): HttpApp {
  const { heartbeat, authorities } = options;
  const limits = { ...DEFAULT_LIMITS, ...options.limits };
  const stop = new AbortController();
  const served: Served = { heartbeat, limits, stopping: stop.signal };
  const turns = createTurns(heartbeat);
  const streams = createStreamCount(limits.streams);
  const metrics = createMetrics(heartbeat, () => streams.open());
  const nowMs = options.nowMs ?? Date.now;
  const signIns = createSignIns(nowMs);
  const failures = createFailureLimit(nowMs);

  const app = new OpenAPIHono<AppEnv>({ defaultHook: refuseInvalid });
  app.onError((error) => {
    if (!(error instanceof LubdubError) || error.code === "LUBDUB_INTERNAL") options.onBug?.(error);
    return problemResponse(error);
  });
  app.notFound(({ req }) => problemResponse(noRoute(req.method, req.path)));
  app.use("/", pageHeaders);
  app.use("/assets/*", pageHeaders);
  app.use(metrics.count, securityHeaders, noStore);
  app.use(inOneStep(checkHost(authorities), checkOrigin(authorities), checkPath));
  healthRoute(app);
  pageRoutes(app, signIns, failures);
  app.use(authenticate(options.token, signIns, failures));
  app.use(
    methodNotAllowed({ app, onMethodNotAllowed: ({ req }, methods) => wrongMethod(req.method, methods) }),
  );
  app.use(readJson(limits.bodyBytes));
  eventRoutes(app, served);
  sessionRoutes(app, served);
  turnRoutes(app, served, turns);
  wakeRoutes(app, served);
  deadRoutes(app, served);
  scheduleRoutes(app, served);
  logRoutes(app, served, streams);
  pastRoutes(app, served);
  statusRoutes(app, served, metrics);
  backupRoute(app, served, options.backupFolder);
  signInRoutes(app, signIns);
  documentRoute(app);

  return {
    app,
    fetch: app.fetch,
    close() {
      stop.abort();
      turns.close();
    },
  };
}

function refuseInvalid(
  result: { success: true } | { success: false; target: string; error: ZodError },
): void {
  if (result.success) return;
  const issue = result.error.issues[0];
  const where = result.target === "json" ? "body" : result.target;
  const path = (issue?.path ?? []).map((name) => `.${shortened(String(name))}`).join("");
  throw new LubdubError("LUBDUB_INPUT_INVALID", {
    expected: `\`${where}${path}\` to be right`,
    got: shortened(issue?.message ?? "something else"),
    fix: "GET /openapi.json says what each route takes.",
  });
}

function wrongMethod(method: string, methods: readonly string[]): Response {
  const response = problemResponse(
    new LubdubError("LUBDUB_METHOD_NOT_ALLOWED", {
      expected: methods.join(" or "),
      got: shown(method),
      fix: "GET /openapi.json says what each route takes.",
    }),
  );
  response.headers.set("allow", methods.join(", "));
  return response;
}

/** Names that a caller chose come back in it. */
function shortened(text: string): string {
  return shown(text).slice(1, -1);
}

function noRoute(method: string, path: string): LubdubError {
  return new LubdubError("LUBDUB_NOT_FOUND", {
    expected: "one of Lubdub's routes",
    got: `${method} ${shown(path)}`,
    fix: "GET /openapi.json lists them.",
  });
}
