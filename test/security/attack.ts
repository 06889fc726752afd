import { expect, test } from "vitest";
import type { ErrorCode } from "../../src/errors.ts";
import { AUTHORIZED, httpApp, ORIGIN, TOKEN, untouchable } from "../http/fixture.ts";

export const EVENT = JSON.stringify({ text: "hello", sessionKey: "s" });
const POST = { method: "POST", headers: { "content-type": "application/json" }, body: EVENT };

/** A sound request that queues an event, but for one thing. */
export interface Attack {
  readonly name: string;
  readonly path?: string;
  readonly url?: string;
  readonly method?: string;
  readonly headers?: Record<string, string>;
  readonly without?: readonly string[];
  readonly body?: RequestInit["body"];
  readonly status: number;
  readonly code: ErrorCode;
}

export const forbidden = { status: 403, code: "LUBDUB_FORBIDDEN" } as const;
export const unauthorized = { status: 401, code: "LUBDUB_UNAUTHORIZED" } as const;
export const unsupported = { status: 415, code: "LUBDUB_UNSUPPORTED_TYPE" } as const;
export const invalid = { status: 400, code: "LUBDUB_INPUT_INVALID" } as const;
export const tooLarge = { status: 413, code: "LUBDUB_TOO_LARGE" } as const;
export const wrongMethod = { status: 405, code: "LUBDUB_METHOD_NOT_ALLOWED" } as const;
export const notFound = { status: 404, code: "LUBDUB_NOT_FOUND" } as const;

/** One case each: it is told why, nothing of the heartbeat is called, and the answer tells nothing that it should not. */
export function testAttacks(attacks: readonly Attack[]): void {
  test.each(attacks)("$name: $status, and nothing is called", async (attack) => {
    const { heartbeat, calls } = untouchable();
    const headers = new Headers({ ...AUTHORIZED, ...POST.headers, ...attack.headers });
    for (const name of attack.without ?? []) headers.delete(name);
    const body = attack.body === undefined ? POST.body : attack.body;
    const init = { method: attack.method ?? "POST", headers, body, duplex: "half" } as RequestInit;
    const request = new Request(attack.url ?? `${ORIGIN}${attack.path ?? "/v1/events"}`, init);
    if (attack.without?.includes("content-type")) request.headers.delete("content-type");
    const answered = await httpApp(heartbeat).app.request(request);
    const problem = (await answered.json()) as Record<string, unknown>;

    expect({ status: answered.status, code: problem["code"] }).toEqual({
      status: attack.status,
      code: attack.code,
    });
    expect(answered.headers.get("content-type")).toBe("application/problem+json");
    expect(problem).toMatchObject({ status: attack.status, type: `urn:lubdub:error:${attack.code}` });
    expect(calls).toEqual([]);
    expect(JSON.stringify(problem)).not.toContain(TOKEN);
    expect([...answered.headers.keys()].filter((name) => name.startsWith("access-control-"))).toEqual([]);
  });
}
