import type { EventSourceMessage } from "eventsource-parser";
import { ERROR_CODES, LubdubError, shown, type ErrorCode } from "../errors.ts";
import { linkedSignal } from "../linked-signal.ts";
import { eventsOf } from "./sse.ts";

export interface Call {
  readonly method?: "GET" | "POST" | "DELETE";
  /** Sent as JSON. POST without it sends an empty object. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** Gives up; the call rejects with its reason. */
  readonly signal?: AbortSignal;
  /** How long the answer may take, in milliseconds. @default 30_000 */
  readonly timeoutMs?: number;
}

/** One daemon, as its client calls it. Everything throws LubdubErrors: the daemon's, or `LUBDUB_DAEMON_UNREACHABLE`. */
export interface Transport {
  /** The JSON of the answer. */
  call(path: string, call?: Call): Promise<unknown>;
  /** The events of a stream, for as long as it lasts. */
  events(path: string, call?: Omit<Call, "timeoutMs">): AsyncGenerator<EventSourceMessage>;
}

const CALL_TIMEOUT_MS = 30_000;

export interface TransportOptions {
  readonly url: string;
  readonly token: string;
  /** Aborted when the client is closed: every call rejects with its reason. */
  readonly closed: AbortSignal;
  /** Each call waits for this first. @default nothing */
  readonly ready?: () => Promise<unknown>;
}

/** @throws LubdubError `LUBDUB_OPTION_INVALID` */
export function createTransport({ url, token, closed, ready }: TransportOptions): Transport {
  const base = baseOf(url);
  const headersOf = (call: Call): Record<string, string> => ({
    authorization: `Bearer ${token}`,
    ...(call.method === "POST" ? { "content-type": "application/json" } : {}),
    ...call.headers,
  });
  const send = async (path: string, call: Call, signal: AbortSignal): Promise<Response> => {
    await ready?.();
    const { method = "GET", body = {} } = call;
    const json = method === "POST" ? { body: toJson(body) } : {};
    signal.throwIfAborted();
    // The token goes to this address and to no other: redirects are errors.
    const init = { method, headers: headersOf(call), ...json, redirect: "error", signal } as const;
    const response = await fetch(base + path, init);
    if (!response.ok) throw await errorOf(response, base);
    return response;
  };
  /** What the caller aborted rejects with the caller's reason; what broke on the way is an unreachable daemon. */
  const failure = (error: unknown, { signal }: Call): unknown => {
    if (closed.aborted) return closed.reason;
    if (signal?.aborted === true) return signal.reason;
    return error instanceof LubdubError ? error : unreachable(base, reasonOf(error), error);
  };
  return {
    async call(path, call = {}) {
      using link = linkedSignal([closed, call.signal], call.timeoutMs ?? CALL_TIMEOUT_MS);
      try {
        const response = await send(path, call, link.signal);
        return response.status === 204 ? undefined : await response.json();
      } catch (error) {
        throw failure(error, call);
      }
    },
    async *events(path, call = {}) {
      using link = linkedSignal([closed, call.signal]);
      try {
        yield* eventsOf(await send(path, call, link.signal));
      } catch (error) {
        throw failure(error, call);
      }
    },
  };
}

/** The error of a problem document; an answer that is none of ours comes from another program. */
export function errorFrom(problem: unknown, got: string, base = "this address"): LubdubError {
  const { code, expected, got: was, fix } = (problem ?? {}) as Partial<Record<string, string>>;
  if (!isCode(code) || expected === undefined || was === undefined) return unreachable(base, got);
  return new LubdubError(code, { expected, got: was, ...(fix === undefined ? {} : { fix }) });
}

/** The path of a session. Keys that a URL cannot carry (`.` and `..` mean folders there) are refused here. */
export function sessionPath(sessionKey: string, rest = ""): string {
  if (typeof sessionKey === "string" && sessionKey.isWellFormed() && !/^\.{0,2}$/.test(sessionKey)) {
    return `/v1/sessions/${encodeURIComponent(sessionKey)}${rest}`;
  }
  throw new LubdubError("LUBDUB_SESSION_KEY_INVALID", {
    expected: 'a session key of 1 to 512 bytes of UTF-8, other than "." and ".."',
    got: shown(sessionKey),
    fix: "Use a name like agent:main:discord:channel:42.",
  });
}

/** `?a=1&b=2` of what is defined. */
export function query(values: Readonly<Record<string, string | number | undefined>>): string {
  const given = Object.entries(values).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, String(value)] as [string, string]],
  );
  return given.length === 0 ? "" : `?${new URLSearchParams(given).toString()}`;
}

async function errorOf(response: Response, base: string): Promise<LubdubError> {
  const problem: unknown = await response.json().catch(() => undefined);
  return errorFrom(problem, `HTTP status ${response.status} without a code of Lubdub`, base);
}

function toJson(body: unknown): string {
  try {
    return JSON.stringify(body);
  } catch (cause) {
    throw new LubdubError("LUBDUB_INPUT_INVALID", {
      expected: "data that JSON can carry",
      got: cause instanceof Error ? cause.message : String(cause),
      fix: "Leave out big integers and circles.",
      cause,
    });
  }
}

function isCode(code: unknown): code is ErrorCode {
  return (ERROR_CODES as readonly unknown[]).includes(code);
}

function reasonOf(error: unknown): string {
  if (error instanceof DOMException && error.name === "TimeoutError") return "no answer in time";
  const cause = error instanceof Error ? error.cause : undefined;
  if (cause instanceof Error && "code" in cause) return String(cause.code);
  return error instanceof Error ? error.message : String(error);
}

function unreachable(base: string, got: string, cause?: unknown): LubdubError {
  return new LubdubError("LUBDUB_DAEMON_UNREACHABLE", {
    expected: `a Lubdub daemon at ${base}`,
    got,
    fix: "Start it with `lubdub up`, or check the address.",
    cause,
  });
}

function baseOf(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const http = url?.protocol === "http:" || url?.protocol === "https:";
  if (url !== undefined && http && url.username === "" && url.search === "") {
    return url.href.replace(/\/$/, "");
  }
  throw new LubdubError("LUBDUB_OPTION_INVALID", {
    expected: "`url` to be the daemon's address, such as http://127.0.0.1:5823",
    got: url?.username ? "one with a user name" : shown(text),
    fix: "The token has its own option.",
  });
}
