import { signal } from "@preact/signals";

/** The daemon's HTTP API, as a page that is signed in calls it. */

/** An error of the daemon, or of the way to it. */
export class ApiError extends Error {
  readonly code: string;
  readonly fix: string | undefined;

  constructor({
    code,
    detail,
    fix,
  }: {
    readonly code: string;
    readonly detail: string;
    readonly fix?: string;
  }) {
    super(detail);
    this.code = code;
    this.fix = fix;
  }
}

/** Where pages of this origin keep the half of the sign-in that is no cookie: other ports of this host cannot read it. */
const CSRF_KEY = "lubdub.csrf";
export const signedIn = signal(localStorage.getItem(CSRF_KEY) !== null);

export function rememberSignIn(csrf: string | null): void {
  if (csrf === null) localStorage.removeItem(CSRF_KEY);
  else localStorage.setItem(CSRF_KEY, csrf);
  signedIn.value = csrf !== null;
}

interface Call {
  /** Sent as JSON; makes it a POST. */
  readonly body?: object;
  readonly method?: "DELETE";
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

/** @throws ApiError, or the reason of the signal */
export async function send(
  path: string,
  { body, method, headers, signal: given }: Call = {},
): Promise<Response> {
  const response = await fetch(path, {
    method: method ?? (body === undefined ? "GET" : "POST"),
    headers: {
      "X-Lubdub-CSRF": localStorage.getItem(CSRF_KEY) ?? "",
      ...(body !== undefined && { "content-type": "application/json" }),
      ...headers,
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
    ...(given && { signal: given }),
  }).catch((error: unknown) => {
    given?.throwIfAborted();
    throw new ApiError({
      code: "LUBDUB_DAEMON_UNREACHABLE",
      detail: "The daemon does not answer.",
      fix: String(error),
    });
  });
  if (response.ok) return response;
  if (response.status === 401) rememberSignIn(null);
  const detail = `HTTP status ${response.status}`;
  const problem: object = (await response.json().catch(() => ({}))) as object;
  throw new ApiError({ code: "LUBDUB_INTERNAL", detail, ...problem });
}

/** The JSON of the answer. @throws ApiError */
export async function call<T>(path: string, options?: Call): Promise<T> {
  return (await (await send(path, options)).json()) as T;
}

/** `?a=1&b=2` of what is given. */
export function query(values: Readonly<Record<string, string | number | undefined>>): string {
  const given = Object.entries(values).flatMap(([name, value]) =>
    value === undefined || value === "" ? [] : [[name, String(value)]],
  );
  return given.length === 0 ? "" : `?${new URLSearchParams(given).toString()}`;
}

/** The path of a session, with its key as it is. */
export function sessionPath(sessionKey: string, rest = ""): string {
  return `/v1/sessions/${encodeURIComponent(sessionKey)}${rest}`;
}
