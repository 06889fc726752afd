import fc from "fast-check";
import { plain } from "../../../src/agents/plain.ts";
import { renderPrompt } from "../../../src/agents/prompt.ts";
import { createProgram } from "../../../src/cli/program.ts";
import { explain } from "../../../src/config/explain.ts";
import { configSchema } from "../../../src/config/schema.ts";
import { LubdubError } from "../../../src/errors.ts";
import { createHeartbeat } from "../../../src/heartbeat.ts";
import { isNoise } from "../../../src/policy/event-forms.ts";
import { fromRow, toRow, type LogRow } from "../../../src/log/sqlite/records.ts";
import { hostile, readPrompt } from "../../agents/read-prompt.ts";
import { anEvent, aRequest } from "../../agents/requests.ts";
import { AUTHORIZED, httpApp, ORIGIN, TOKEN } from "../../http/fixture.ts";
import { sendRaw, serve } from "../../http/served.ts";
import { must } from "../simulator/promise.ts";
import { almost, event, json, jsonText, longWord, method, target, word } from "./grammars.ts";

/** Runs the property with a seed so many times. @returns what was found, if anything */
type Target = (seed: number, runs: number) => Promise<string | null>;

const heartbeatOf = () => createHeartbeat({ run: () => new Promise(() => {}), coalesceMs: 86_400_000 });
const isOurs = (error: unknown): boolean => error instanceof LubdubError && error.code !== "LUBDUB_INTERNAL";

/** No 5xx but 503 and 507, no stack, and an answer about a session is about the one that was named. */
async function http(seed: number, runs: number): Promise<string | null> {
  await using heartbeat = heartbeatOf();
  const app = httpApp(heartbeat, { onBug: () => {} });
  const headers = fc.record({
    "content-type": fc.constantFrom("application/json", "text/plain"),
    "idempotency-key": fc.option(word),
  });
  const property = fc.asyncProperty(method, target, jsonText, headers, async (verb, path, body, given) => {
    const url = `${ORIGIN}${path}`;
    if (!URL.canParse(url)) return;
    const sent = new Headers(AUTHORIZED);
    for (const [name, value] of Object.entries(given))
      if (value !== null && /^[\t -~]*$/.test(value)) sent.set(name, value);
    const init = { method: verb, headers: sent, ...(verb === "POST" ? { body: body.toWellFormed() } : {}) };
    const answer = await app.app.request(url, init);
    const text = await answer.text();
    must(
      answer.status < 500 || answer.status === 503 || answer.status === 507,
      `status ${answer.status}: ${text}`,
    );
    must(!/\n\s+at |node:internal/.test(text), `a stack: ${text}`);
    const named = /^\/v1\/sessions\/([^/]+)\/why$/.exec(new URL(url).pathname)?.[1];
    if (answer.status === 200 && named !== undefined && verb === "GET")
      must(
        (JSON.parse(text) as { sessionKey: string }).sessionKey === decodeURIComponent(named),
        "S3 another session",
      );
  });
  const found = await check(property, seed, runs);
  app.close();
  return found;
}

/** Bytes on a real socket: an answer without a 5xx, or a closed line, and the server lives. */
async function sockets(seed: number, runs: number): Promise<string | null> {
  await using it = await serve({ limits: { headersTimeoutMs: 200, requestTimeoutMs: 200 } });
  const { port } = it.server;
  const line = fc.oneof(
    fc.tuple(method, target).map(([verb, path]) => `${verb} ${path} HTTP/1.1`),
    word,
  );
  const header = fc.oneof(
    fc.constantFrom(`Host: 127.0.0.1:${port}`, `Authorization: Bearer ${TOKEN}`, "Content-Type: application/json", "Content-Length: 5", "Transfer-Encoding: chunked", "Expect: 100-continue", "Upgrade: websocket"),
    fc.tuple(word, longWord).map(([name, value]) => `${name}: ${value}`),
  ); // prettier-ignore
  const request = fc.tuple(line, fc.array(header, { maxLength: 6 }), jsonText);
  const property = fc.asyncProperty(request, async ([first, rest, body]) => {
    const answered = await sendRaw(
      port,
      [first, ...rest, "Connection: close", "", body, "\r\n"].join("\r\n"),
    );
    must(!/^HTTP\/1\.1 5(?!03|07)/m.test(answered), `S: ${answered.slice(0, 200)}`);
  });
  return await check(property, seed, runs);
}

/** The library refuses with an error of ours, or takes the event for exactly that session. */
async function library(seed: number, runs: number): Promise<string | null> {
  await using heartbeat = heartbeatOf();
  const property = fc.asyncProperty(event, async (body) => {
    const { text, wake: _, ...options } = body as { text: string; wake?: unknown; sessionKey: string };
    const accepted = await heartbeat.enqueueSystemEvent(text, options).catch((error: unknown) => error);
    if (accepted instanceof Error || typeof accepted !== "object" || accepted === null)
      return must(isOurs(accepted), `not an error of ours: ${String(accepted)}`);
    if ((accepted as { deduplicated: boolean }).deduplicated) return;
    const { sessionKey } = accepted as { sessionKey: string };
    must(sessionKey === options.sessionKey, `S3 another session: ${sessionKey}`);
    await heartbeat.drainSystemEvents(sessionKey);
  });
  return await check(property, seed, runs);
}

/** S20: a strict reader finds exactly the events that were there, whatever they say. */
function prompt(seed: number, runs: number): Promise<string | null> {
  const known = hostile(renderPrompt(aRequest({ events: [anEvent(), anEvent()] })));
  const draft = fc.record({
    text: known,
    source: known,
    reason: known,
    contextKey: known,
    trust: fc.constantFrom("trusted" as const, "untrusted" as const),
  });
  const property = fc.asyncProperty(
    fc.array(draft, { minLength: 1, maxLength: 3 }),
    known,
    async (drafts, reason) => {
      const events = drafts.map((given) => anEvent(given));
      // Heartbeat noise is left out of a prompt on purpose.
      fc.pre(!events.some(isNoise));
      const read = readPrompt(renderPrompt(aRequest({ events, reason, source: reason })));
      must(read.marks.size === 1 && read.events.length === events.length, "S20 another number of events");
      for (const [index, { lines, trust }] of read.events.entries()) {
        must(trust === events[index]?.trust, "S19 another trust");
        must(lines.join("\n") === plain(events[index]?.text ?? ""), "S20 another text");
      }
    },
  );
  return check(property, seed, runs);
}

/** A configuration is taken, or refused with a message. */
function config(seed: number, runs: number): Promise<string | null> {
  const agent = almost({
    match: word,
    console: fc.constant({}),
    command: almost({ argv: fc.array(word), env: fc.dictionary(word, word) }),
    http: almost({ url: word, headers: fc.dictionary(word, word) }),
  });
  const file = almost({
    agents: fc.array(agent, { maxLength: 2 }),
    port: fc.integer(),
    host: word,
    coalesceMs: fc.double(),
    laneOf: word,
  });
  const property = fc.asyncProperty(fc.oneof(file, json), async (value) => {
    const result = configSchema.safeParse(value);
    if (!result.success) must(isOurs(explain(result.error, value, "file")), "no error of ours");
  });
  return check(property, seed, runs);
}

/** A command line is taken, or refused by commander or by us; nothing is done with it here. */
function commandLine(seed: number, runs: number): Promise<string | null> {
  const names = [
    "wake",
    "why",
    "log",
    "run",
    "dead",
    "ls",
    "requeue",
    "forget",
    "backup",
    "status",
    "init",
    "up",
    "doctor",
  ];
  const options = [
    "--session",
    "--text",
    "--json",
    "--data",
    "--port",
    "--wait",
    "--intent",
    "--lines",
    "-d",
    "-f",
    "--",
    "--help",
    "--version",
  ];
  const words = fc.array(fc.oneof(fc.constantFrom(...names, ...options), word), { maxLength: 7 });
  const property = fc.asyncProperty(words, async (argv) => {
    const program = await createProgram(argv[0]);
    disarm(program);
    const error = await program.parseAsync(argv, { from: "user" }).then(() => null, (thrown: unknown) => thrown);
    must(error === null || isOurs(error) || (error as Error).name === "CommanderError", `crashed: ${String(error)}`);
  }); // prettier-ignore
  return check(property, seed, runs);
}

function disarm(command: Awaited<ReturnType<typeof createProgram>>): void {
  command.configureOutput({ writeOut: () => {}, writeErr: () => {} });
  if (command.commands.length === 0) command.action(() => {});
  for (const inner of command.commands) disarm(inner as typeof command);
}

/** S15: a row with any other byte is refused; one as it was written gives back its record. */
function rows(seed: number, runs: number): Promise<string | null> {
  // The tables are STRICT: a column never holds another type than its own.
  const change = fc.oneof(
    fc.tuple(fc.constantFrom(0, 1, 2, 9), fc.integer()),
    fc.tuple(fc.constantFrom(3, 4, 5, 6, 7, 8, 10), word),
    fc.tuple(fc.constantFrom(6, 7, 8), fc.constant(null)),
  );
  const property = fc.asyncProperty(word, longWord, fc.option(change), async (sessionKey, text, changed) => {
    const facts = { eventIds: [sessionKey], durationMs: 1, wakeId: text, runId: "r" };
    const record = {
      position: 2,
      previous: 1,
      atMs: 3,
      type: "run.ran",
      sessionKey,
      facts,
      body: { reply: text },
    } as const;
    const row = [...toRow(record, "before")] as unknown[];
    const before = changed === null ? undefined : row[changed[0]];
    if (changed !== null) row[changed[0]] = changed[1];
    let read: unknown;
    try {
      read = fromRow(row as LogRow, "file", "before");
    } catch (error) {
      return must(isOurs(error) && changed !== null, `refused: ${String(error)}`);
    }
    const isSame = changed === null || before === changed[1] || String(before) === String(changed[1]);
    // A body that is gone is what `forget` leaves.
    const isForgotten = changed !== null && changed[1] === null && (changed[0] === 6 || changed[0] === 7);
    must(isSame || isForgotten, "S15 a changed row was taken");
    if (changed === null) must(JSON.stringify(read) === JSON.stringify(record), "S15 another record");
  });
  return check(property, seed, runs);
}

async function check<T>(
  property: fc.IAsyncProperty<T>,
  seed: number,
  numRuns: number,
): Promise<string | null> {
  const result = await fc.check(property, { seed, numRuns, endOnFailure: false });
  if (!result.failed) return null;
  const error =
    result.errorInstance instanceof Error ? result.errorInstance.message : String(result.errorInstance);
  return `${error}; smallest case: ${fc.stringify(result.counterexample).slice(0, 2_000)}`;
}

/** What is fuzzed, by name. Another one is a line here, and its share in the part. */
export const TARGETS = {
  http,
  sockets,
  library,
  prompt,
  config,
  "command line": commandLine,
  rows,
} as const satisfies Readonly<Record<string, Target>>;
