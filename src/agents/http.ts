import { request as requestHttp, type IncomingMessage } from "node:http";
import { request as requestHttps } from "node:https";
import type { Outcome, RunHandler, RunRequest } from "../vocabulary.ts";
import { keepHead, REPLY_BYTES_MAX } from "./capture.ts";
import { plain } from "./plain.ts";
import { renderPrompt, withNoise } from "./prompt.ts";
import { retryAfterMs } from "./retry-after.ts";

/** Conflict, locked, too many requests, unavailable: the agent works, ask again. */
const BUSY_STATUSES: ReadonlySet<number> = new Set([409, 423, 429, 503]);
/** Bytes kept of an answer in JSON: a reply of full length with its escapes. */
const JSON_BYTES_MAX = 4 * REPLY_BYTES_MAX;
/** Characters of an error page that are kept. */
const ERROR_CHARS_MAX = 500;

export interface HttpOptions {
  /** `http:` or `https:`. The operator wrote it, so it may be on this machine; redirects are never followed. */
  readonly url: string;
  /** Added to each request, e.g. `Authorization`. @default none */
  readonly headers?: Readonly<Record<string, string>>;
  /** From the request to the end of the answer, in milliseconds: 1 to 86_400_000. @default until the run's own limit */
  readonly timeoutMs?: number;
}

/**
 * An agent behind HTTP. It gets a POST with the run as JSON and the wake id as `Idempotency-Key`. A 2xx is `ran` with the
 * body as reply. One of the type `application/json` with `reply` or `usage` may say more: `{ "reply": "...", "usage": {
 * "inputTokens": 1200, "outputTokens": 80 }, "media": [], "notify": true }`. 409, 423, 429 and 503 are busy, and `Retry-After`
 * is honoured; 401 and 403 are a key that is refused, 402 a quota that is spent; anything else failed.
 *
 * @example httpAgent({ url: "http://127.0.0.1:4111/wake", timeoutMs: 120_000 })
 */
export function httpAgent(options: HttpOptions): RunHandler {
  return async (request) => {
    const timeoutMs = request.overrides?.timeoutMs ?? options.timeoutMs;
    const limit = timeoutMs === undefined ? undefined : AbortSignal.timeout(timeoutMs);
    const signal = limit === undefined ? request.signal : AbortSignal.any([request.signal, limit]);
    try {
      const response = await post(options, request, signal);
      const body = await bodyOf(response, isJson(response) ? JSON_BYTES_MAX : REPLY_BYTES_MAX);
      return withNoise(meaningOf(response, body), request);
    } catch (error) {
      if (request.signal.aborted) return { status: "skipped", reason: "preempted" };
      const why =
        limit?.aborted === true ? `it did not answer within ${timeoutMs} ms (\`timeoutMs\`)` : causeOf(error);
      return { status: "failed", reason: `The agent at ${placeOf(options.url)} could not be asked: ${why}.` };
    }
  };
}

function post({ url, headers }: HttpOptions, run: RunRequest, signal: AbortSignal): Promise<IncomingMessage> {
  const { signal: _, lane: __, marks: ___, ...facts } = run;
  const body = Buffer.from(JSON.stringify({ ...facts, prompt: renderPrompt(run) }));
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const send = new URL(url).protocol === "https:" ? requestHttps : requestHttp;
  const outgoing = send(url, {
    method: "POST",
    headers: {
      ...headers,
      "content-type": "application/json",
      "content-length": body.length,
      "idempotency-key": run.wakeId,
    },
    // A connection of its own: one that was kept may be closed by the server just as it is used.
    agent: false,
    signal,
  });
  outgoing.on("response", resolve).on("error", reject);
  outgoing.end(body);
  return promise;
}

async function bodyOf(response: IncomingMessage, bytesMax: number): Promise<string> {
  const kept = keepHead(bytesMax);
  for await (const chunk of response) kept.add(chunk as Buffer);
  return kept.text();
}

const isJson = ({ headers }: IncomingMessage): boolean =>
  /^application\/json\s*(;|$)/i.test(headers["content-type"] ?? "");

/** What the agent says as data is checked where outcomes are; null when it is no such data, and the body is the reply. */
function structured(body: string): Outcome | null {
  const said = parsed(body);
  if (typeof said !== "object" || said === null || !("reply" in said || "usage" in said)) return null;
  const { usage, media, notify, text, reply = text } = said as Readonly<Record<string, unknown>>;
  if (reply !== undefined && typeof reply !== "string") return null;
  return { status: "ran", reply, usage, media, notify } as Outcome;
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

function meaningOf(response: IncomingMessage, body: string): Outcome {
  const { statusCode = 0, headers } = response;
  if (statusCode >= 200 && statusCode < 300) {
    if (body === "") return { status: "ran" };
    return (isJson(response) ? structured(body) : null) ?? { status: "ran", reply: body };
  }
  if (BUSY_STATUSES.has(statusCode)) {
    const afterMs = retryAfterMs(headers["retry-after"], Date.now());
    const reason = "requests-in-flight";
    return { status: "skipped", reason, ...(afterMs === undefined ? {} : { retryAfterMs: afterMs }) };
  }
  const redirect = statusCode >= 300 && statusCode < 400;
  const hint = redirect ? " Redirects are not followed: configure the final address." : "";
  const said = body === "" ? "" : ` It said: ${plain(body).slice(0, ERROR_CHARS_MAX).toWellFormed()}`;
  const refusal = REFUSALS[statusCode];
  const reason = `The agent answered ${statusCode}.${hint}${said}`;
  return { status: "failed", reason, ...(refusal && { class: refusal }) };
}

/** What no other event would change: the key is wrong, or what was paid for is used up. */
const REFUSALS: Readonly<Record<number, "auth" | "quota">> = { 401: "auth", 402: "quota", 403: "auth" };

/** Without what may be secret: user, password, query. */
function placeOf(url: string): string {
  const { origin, pathname } = new URL(url);
  return `${origin}${pathname}`;
}

function causeOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === "ECONNREFUSED") return "nothing listens there (is it started?)";
  return message === "" ? (code ?? "unknown error") : message;
}
