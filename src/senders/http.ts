import { request as requestHttp, type IncomingMessage } from "node:http";
import { request as requestHttps } from "node:https";
import { Webhook } from "standardwebhooks";
import { keepHead } from "../agents/capture.ts";
import { plain } from "../agents/plain.ts";
import { retryAfterMs } from "../agents/retry-after.ts";
import { LubdubError, shown } from "../errors.ts";
import type { DeliverHandler, DeliveryOutcome, DeliveryRequest } from "../vocabulary.ts";
import { lookupPublic, namesPrivateHost, refused } from "./public-address.ts";

/** What is wrong with this very message: it would be refused again. All else may get better. */
const FINAL_STATUSES: ReadonlySet<number> = new Set([400, 410, 413, 414, 415, 422]);
/** Bytes of an answer that are read; characters of an error page that are kept. */
const ANSWER_BYTES_MAX = 16_384;
const ERROR_CHARS_MAX = 500;

export interface WebhookOptions {
  /** `http:` or `https:`. Redirects are never followed. */
  readonly url: string;
  /** Added to each request, e.g. `Authorization`. @default none */
  readonly headers?: Readonly<Record<string, string>>;
  /** Signs each request (Standard Webhooks): base64 of 24 to 64 bytes, with or without `whsec_`. @default unsigned */
  readonly secret?: string;
  /** The target may be on this machine or in a private network. @default false: such addresses are refused */
  readonly allowPrivate?: boolean;
  /** From the request to the end of the answer, in milliseconds: 1 to 86_400_000. @default until the delivery's own limit */
  readonly timeoutMs?: number;
}

/**
 * Sends replies to a webhook: a POST with JSON, the delivery id as `webhook-id` and `Idempotency-Key`, and with a secret a
 * signature as Standard Webhooks describes it. All tries of one delivery have the same id and body. A 2xx is sent;
 * 400, 410, 413, 414, 415, 422 and redirects are final; all else is tried again, and `Retry-After` is honoured.
 *
 * @throws LubdubError `LUBDUB_TARGET_PRIVATE` when the address itself says that it is private and that is not allowed;
 * `LUBDUB_CONFIG_INVALID` for a secret that is none; `LUBDUB_OPTION_INVALID` for a `url` that is none
 * @example webhookSender({ url: "https://example.com/replies", secret: process.env.WEBHOOK_SECRET })
 */
export function webhookSender(options: WebhookOptions): DeliverHandler {
  const { url, allowPrivate = false, secret } = options;
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol)) throw notHttp(url);
  if (!allowPrivate && namesPrivateHost(url)) throw refused(placeOf(url), new URL(url).hostname);
  const webhook = secret === undefined ? null : signer(secret);
  return async (delivery) => {
    const { timeoutMs } = options;
    const limit = timeoutMs === undefined ? undefined : AbortSignal.timeout(timeoutMs);
    const signal = limit === undefined ? delivery.signal : AbortSignal.any([delivery.signal, limit]);
    try {
      const response = await post(options, delivery, webhook, signal);
      return meaningOf(response, await beginningOf(response));
    } catch (error) {
      const why =
        limit?.aborted === true ? `no answer within ${timeoutMs} ms (\`timeoutMs\`)` : causeOf(error);
      const final = error instanceof LubdubError && error.code === "LUBDUB_TARGET_PRIVATE";
      const reason = `The target ${placeOf(url)} could not be reached: ${why}`;
      return { status: "failed", reason, ...(final ? { retryable: false } : {}) };
    }
  };
}

const notHttp = (url: unknown): LubdubError =>
  new LubdubError("LUBDUB_OPTION_INVALID", {
    expected: "a target's `url` that begins with http:// or https://",
    got: shown(url),
  });

const SECRET_BYTES_MIN = 24;
const SECRET_BYTES_MAX = 64;

function signer(secret: string): Webhook {
  const encoded = secret.trim().replace(/^whsec_/, "");
  const bytes = /^[A-Za-z0-9+/]+={0,2}$/.test(encoded) ? Buffer.from(encoded, "base64").length : 0;
  if (bytes >= SECRET_BYTES_MIN && bytes <= SECRET_BYTES_MAX) return new Webhook(encoded);
  throw new LubdubError("LUBDUB_CONFIG_INVALID", {
    expected: `a webhook secret: base64 of ${SECRET_BYTES_MIN} to ${SECRET_BYTES_MAX} bytes, with or without \`whsec_\``,
    got: bytes === 0 ? "something that is no base64" : `one of ${bytes} bytes`,
    fix: "Make one with: openssl rand -base64 32",
  });
}

function post(
  { url, headers, allowPrivate = false }: WebhookOptions,
  delivery: DeliveryRequest,
  webhook: Webhook | null,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  const { deliveryId } = delivery;
  const body = bodyOf(delivery);
  const now = new Date();
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const send = new URL(url).protocol === "https:" ? requestHttps : requestHttp;
  const outgoing = send(url, {
    method: "POST",
    headers: {
      ...headers,
      "content-type": "application/json",
      "content-length": Buffer.byteLength(body),
      "idempotency-key": deliveryId,
      "webhook-id": deliveryId,
      "webhook-timestamp": String(Math.floor(now.getTime() / 1000)),
      ...(webhook === null ? {} : { "webhook-signature": webhook.sign(deliveryId, now, body) }),
    },
    // A connection of its own: one that was kept may be closed by the server just as it is used.
    agent: false,
    ...(allowPrivate ? {} : { lookup: lookupPublic }),
    signal,
  });
  outgoing.on("response", resolve).on("error", reject);
  outgoing.end(body);
  return promise;
}

/** Without what differs from try to try, so that a receiver may compare. */
function bodyOf({ signal: _signal, attempt: _attempt, queuedAtMs, ...data }: DeliveryRequest): string {
  return JSON.stringify({ type: "reply.delivered", timestamp: new Date(queuedAtMs).toISOString(), data });
}

async function beginningOf(response: IncomingMessage): Promise<string> {
  const kept = keepHead(ANSWER_BYTES_MAX);
  let bytes = 0;
  for await (const chunk of response) {
    kept.add(chunk as Buffer);
    bytes += (chunk as Buffer).length;
    if (bytes > ANSWER_BYTES_MAX) break; // ends the response: a target that never stops talking was heard
  }
  return kept.text();
}

function meaningOf({ statusCode = 0, headers }: IncomingMessage, body: string): DeliveryOutcome {
  if (statusCode >= 200 && statusCode < 300) return { status: "sent" };
  const redirect = statusCode >= 300 && statusCode < 400;
  const hint = redirect ? " Redirects are not followed: configure the final address." : "";
  const said = body === "" ? "" : ` It said: ${plain(body).slice(0, ERROR_CHARS_MAX).toWellFormed()}`;
  const afterMs = retryAfterMs(headers["retry-after"], Date.now());
  return {
    status: "failed",
    reason: `The target answered ${statusCode}.${hint}${said}`,
    ...(redirect || FINAL_STATUSES.has(statusCode) ? { retryable: false } : {}),
    ...(afterMs === undefined ? {} : { retryAfterMs: afterMs }),
  };
}

/** Without what may be secret: user, password, query. */
function placeOf(url: string): string {
  const { origin, pathname } = new URL(url);
  return `${origin}${pathname}`;
}

function causeOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === "ECONNREFUSED") return "nothing listens there (is it started?).";
  return message === "" ? (code ?? "unknown error") : message;
}
