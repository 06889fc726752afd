import { describe, expect, test } from "vitest";
import type { Heartbeat } from "../../src/api.ts";
import type { ErrorCode } from "../../src/errors.ts";
import type { HeartbeatOptions } from "../../src/options.ts";
import type { OpenedHeartbeat } from "./heartbeat.ts";

const KEY = "agent:main:discord:channel:42";

/** The part of the contract about what is refused. */
export function errorContract(
  name: string,
  opened: (options?: Partial<HeartbeatOptions>) => Promise<OpenedHeartbeat>,
): void {
  describe(`${name}: errors`, () => {
    type Wrong = readonly [string, ErrorCode, (heartbeat: Heartbeat) => Promise<unknown>];
    test.each<Wrong>([
      ["an unknown id", "LUBDUB_NOT_FOUND", (it) => it.receipt("e-1-nothing")],
      ["waiting for an unknown id", "LUBDUB_NOT_FOUND", (it) => it.waitFor("w-1-nothing", "settled")],
      ["an unknown session", "LUBDUB_NOT_FOUND", (it) => it.session("never heard of")],
      ["requeueing what is not dead", "LUBDUB_NOT_FOUND", (it) => it.requeue("e-1-nothing")],
      ["an empty session key", "LUBDUB_SESSION_KEY_INVALID", (it) => it.wake("x", { sessionKey: "" })],
      ["an empty key of a session", "LUBDUB_SESSION_KEY_INVALID", (it) => it.why("")],
      ["a long session key", "LUBDUB_SESSION_KEY_INVALID", (it) => it.why("k".repeat(513))],
      ["a control character", "LUBDUB_SESSION_KEY_INVALID", (it) => it.peekSystemEvents("a\nb")],
      ["half a character", "LUBDUB_SESSION_KEY_INVALID", (it) => it.why("a\ud800")],
      ["an empty text", "LUBDUB_TEXT_INVALID", (it) => it.wake(" ", { sessionKey: KEY })],
      ["a long text", "LUBDUB_TEXT_INVALID", (it) => it.wake("x".repeat(32_769), { sessionKey: KEY })],
    ])("%s: %s", async (_what, code, attempt) => {
      await using it = await opened();
      const error: unknown = await attempt(it.heartbeat).catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ name: "LubdubError", code });
      expect(await it.heartbeat.read()).toEqual([]);
    });

    test("a queue that is full refuses, and keeps what it has", async () => {
      await using it = await opened({ queueMax: 1 });
      await it.heartbeat.enqueueSystemEvent("kept", { sessionKey: KEY });
      const refused = it.heartbeat.enqueueSystemEvent("refused", { sessionKey: KEY });
      await expect(refused).rejects.toMatchObject({ code: "LUBDUB_QUEUE_FULL", retryable: true });
      expect((await it.heartbeat.peekSystemEvents(KEY)).map(({ text }) => text)).toEqual(["kept"]);
    });

    test("after close every call is refused, and closing again is fine", async () => {
      await using it = await opened();
      await it.heartbeat.close();
      await it.heartbeat.close();
      await expect(it.heartbeat.wake("x", { sessionKey: KEY })).rejects.toMatchObject({
        code: "LUBDUB_CLOSED",
      });
    });
  });
}
