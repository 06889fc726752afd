import { expect, test } from "vitest";
import { createHeartbeat } from "../../src/heartbeat.ts";
import { memoryStore } from "../../src/log/memory.ts";
import { ask, httpApp, post, untouchable } from "./fixture.ts";

interface Schema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly additionalProperties?: boolean | Schema;
}
interface Content {
  readonly content?: Readonly<Record<string, { readonly schema?: Schema }>>;
}
interface Operation {
  readonly summary?: string;
  readonly security?: readonly unknown[];
  readonly parameters?: readonly { readonly name: string; readonly in: string; readonly schema?: Schema }[];
  readonly requestBody?: Content;
  readonly responses: Readonly<Record<string, Content & { readonly description: string }>>;
}
interface Document {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
}

const ROUTES = [
  "delete /v1/schedules/{scheduleId}",
  "delete /v1/sessions/{key}/turns/{turnId}",
  "get /",
  "get /assets/{name}",
  "get /healthz",
  "get /metrics",
  "get /openapi.json",
  "get /readyz",
  "get /v1/dead",
  "get /v1/deliveries",
  "get /v1/log",
  "get /v1/schedules",
  "get /v1/schedules/{scheduleId}",
  "get /v1/sessions",
  "get /v1/sessions/{key}",
  "get /v1/sessions/{key}/events",
  "get /v1/sessions/{key}/turns",
  "get /v1/sessions/{key}/why",
  "get /v1/state",
  "get /v1/status",
  "get /v1/steps",
  "get /v1/stream",
  "get /v1/waiting",
  "get /v1/wakes/{id}",
  "get /v1/wakes/{id}/chain",
  "post /sign-in",
  "post /sign-out",
  "post /v1/backup",
  "post /v1/dead/{id}/dismiss",
  "post /v1/dead/{id}/requeue",
  "post /v1/events",
  "post /v1/schedules",
  "post /v1/schedules/{scheduleId}/pause",
  "post /v1/schedules/{scheduleId}/resume",
  "post /v1/schedules/{scheduleId}/run",
  "post /v1/sessions/{key}/drain",
  "post /v1/sessions/{key}/forget",
  "post /v1/sessions/{key}/run",
  "post /v1/sessions/{key}/turns",
  "post /v1/sessions/{key}/turns/{turnId}/renew",
  "post /v1/sessions/{key}/wake",
  "post /v1/sign-in-codes",
  "post /v1/what-if",
];
/** Routes that need no token. */
const OPEN = ["get /", "get /assets/{name}", "get /healthz", "post /sign-in"];

async function document(app = httpApp(untouchable().heartbeat)): Promise<Document> {
  return (await (await ask(app, "/openapi.json")).json()) as Document;
}
const operations = ({ paths }: Document): [string, Operation][] =>
  Object.entries(paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]): [string, Operation] => [`${method} ${path}`, operation]),
  );

test("the document lists exactly the routes there are", async () => {
  const app = httpApp(untouchable().heartbeat);
  const served = app.app.routes
    .filter(({ method }) => method !== "ALL")
    .map(({ method, path }) => `${method.toLowerCase()} ${path.replaceAll(/:(\w+)/g, "{$1}")}`);
  const listed = operations(await document(app)).map(([name]) => name);
  expect(listed.toSorted()).toEqual(ROUTES);
  expect([...new Set(served)].toSorted()).toEqual(ROUTES);
});

test("every route has a summary, schemas for what goes in and out, and our problem", async () => {
  const described = await document();
  expect(described.openapi).toBe("3.1.0");
  expect(operations(described).flatMap((one) => faults(described, one))).toEqual([]);
});

function faults(described: Document, [name, operation]: [string, Operation]): string[] {
  const { summary = "", parameters = [], requestBody, responses, security } = operation;
  const inPath = [...name.matchAll(/\{(\w+)\}/g)].map((match) => match[1]);
  const named = parameters.filter((one) => one.in === "path").map((one) => one.name);
  const body = resolve(described, requestBody?.content?.["application/json"]?.schema ?? {});
  const bare = Object.entries(responses).filter(
    ([status, { content = {} }]) => status !== "204" && Object.values(content)[0]?.schema === undefined,
  );
  const checks: Record<string, boolean> = {
    "a summary": summary.endsWith("."),
    descriptions: Object.values(responses).every(({ description }) => description.endsWith(".")),
    "schemas of its answers": bare.length === 0,
    "our problem": responses["default"]?.content?.["application/problem+json"]?.schema !== undefined,
    "its path parameters": JSON.stringify(named) === JSON.stringify(inPath),
    "schemas of its parameters": parameters.every(({ schema }) => schema !== undefined),
    "a strict body": !name.startsWith("post") || body.additionalProperties === false,
    "the right security": OPEN.includes(name) ? security?.length === 0 : security === undefined,
  };
  return Object.keys(checks).flatMap((what) => (checks[what] ? [] : [`${name} lacks ${what}`]));
}

test("every $ref leads somewhere", async () => {
  const described = await document();
  const refs = [...JSON.stringify(described).matchAll(/"#\/components\/schemas\/(\w+)"/g)].map(
    (match) => match[1],
  );
  expect(refs.length).toBeGreaterThan(20);
  for (const name of refs) expect(Object.keys(described.components.schemas)).toContain(name);
});

test("answers are what the document says", async () => {
  let fails = true;
  const heartbeat = createHeartbeat({
    run: () =>
      fails ? { status: "failed", reason: "no", retryable: false } : { status: "ran", reply: "ok" },
    store: memoryStore(),
    coalesceMs: 0,
  });
  const app = httpApp(heartbeat);
  const described = await document(app);
  const names = new Set<string>();
  const check = async (name: string, response: Response): Promise<Record<string, unknown>> => {
    const body = (await response.json()) as Record<string, unknown>;
    const operation = operations(described).find(([one]) => one === name)?.[1];
    const schema = operation?.responses[String(response.status)]?.content?.["application/json"]?.schema;
    expect(schema, `${name} ${response.status} ${JSON.stringify(body)}`).toBeDefined();
    expect(mismatches(described, schema ?? {}, body, name)).toEqual([]);
    names.add(name);
    return body;
  };
  const event = { text: "x", sessionKey: "a/b", data: { n: [1] }, route: { to: "c" }, contextKey: "k" };
  const { eventId } = await check("post /v1/events", await post(app, "/v1/events?wait=settled", event));
  await check("get /v1/dead", await ask(app, "/v1/dead"));
  await check("get /v1/sessions/{key}", await ask(app, "/v1/sessions/a%2Fb"));
  fails = false;
  await check("post /v1/dead/{id}/requeue", await post(app, `/v1/dead/${String(eventId)}/requeue`));
  await check("get /v1/wakes/{id}", await ask(app, `/v1/wakes/${String(eventId)}?wait=settled`));
  await post(app, "/v1/events", { ...event, wake: false });
  await check("get /v1/sessions", await ask(app, "/v1/sessions"));
  await check("get /v1/sessions/{key}/events", await ask(app, "/v1/sessions/a%2Fb/events"));
  await check("get /v1/sessions/{key}/why", await ask(app, "/v1/sessions/a%2Fb/why"));
  await check("post /v1/sessions/{key}/run", await post(app, "/v1/sessions/a%2Fb/run"));
  await check("post /v1/sessions/{key}/wake", await post(app, "/v1/sessions/a%2Fb/wake"));
  await check("post /v1/sessions/{key}/turns", await post(app, "/v1/sessions/t/turns"));
  await check("get /v1/sessions/{key}/turns", await ask(app, "/v1/sessions/t/turns"));
  await check("post /v1/sessions/{key}/drain", await post(app, "/v1/sessions/a%2Fb/drain"));
  await check("get /v1/log", await ask(app, "/v1/log"));
  await check("get /v1/state", await ask(app, "/v1/state?at=2"));
  const schedule = { scheduleId: "s", sessionKey: "a/b", cron: "0 9 * * *", text: "x", route: { to: "c" } };
  await check("post /v1/schedules", await post(app, "/v1/schedules", schedule));
  await check("get /v1/schedules", await ask(app, "/v1/schedules"));
  await check("get /v1/schedules/{scheduleId}", await ask(app, "/v1/schedules/s"));
  await check("post /v1/schedules/{scheduleId}/pause", await post(app, "/v1/schedules/s/pause"));
  await check("post /v1/schedules/{scheduleId}/resume", await post(app, "/v1/schedules/s/resume"));
  await check("post /v1/schedules/{scheduleId}/run", await post(app, "/v1/schedules/s/run"));
  const removed = await ask(app, "/v1/schedules/s", { method: "DELETE" });
  await check("delete /v1/schedules/{scheduleId}", removed);
  await check("get /v1/waiting", await ask(app, "/v1/waiting"));
  await check("get /v1/status", await ask(app, "/v1/status"));
  await check("get /readyz", await ask(app, "/readyz"));
  await check("get /healthz", await ask(app, "/healthz"));
  await check("post /v1/sessions/{key}/forget", await post(app, "/v1/sessions/a%2Fb/forget"));
  fails = true;
  const dead = await post(app, "/v1/events?wait=settled", event);
  const letter = ((await dead.json()) as { eventId: string }).eventId;
  await check("post /v1/dead/{id}/dismiss", await post(app, `/v1/dead/${letter}/dismiss`));
  expect(names.size).toBe(28);
  app.close();
  await heartbeat.close({ graceMs: 0 });
});

function resolve(described: Document, schema: Schema): Schema {
  const name = schema.$ref?.split("/").at(-1);
  return name === undefined ? schema : (described.components.schemas[name] ?? {});
}

/** What the value has and the schema does not say, or the other way round. Enough of JSON Schema for this document. */
function mismatches(described: Document, given: Schema, value: unknown, at: string): string[] {
  const { type, properties = {}, required = [], items, additionalProperties } = resolve(described, given);
  const types = type === undefined ? [] : [type].flat();
  const is = value === null ? "null" : Array.isArray(value) ? "array" : typeof value;
  if (
    types.length > 0 &&
    !types.some((one) => one === is || (one === "integer" && Number.isInteger(value)))
  ) {
    return [`${at}: ${is} instead of ${types.join("|")}`];
  }
  if (Array.isArray(value))
    return value.flatMap((item) => mismatches(described, items ?? {}, item, `${at}[]`));
  if (is !== "object" || Object.keys(properties).length === 0) return [];
  const object = value as Record<string, unknown>;
  const missing = required.filter((name) => !Object.hasOwn(object, name)).map((name) => `${at}: no ${name}`);
  const known = Object.entries(object).flatMap(([name, member]) => {
    const schema = properties[name];
    if (schema !== undefined) return mismatches(described, schema, member, `${at}.${name}`);
    return additionalProperties === undefined ? [`${at}: ${name} is not described`] : [];
  });
  return [...missing, ...known];
}
