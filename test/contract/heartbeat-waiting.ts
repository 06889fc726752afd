import { describe, expect, test } from "vitest";
import type { HeartbeatOptions } from "../../src/options.ts";
import type { Outcome } from "../../src/vocabulary.ts";
import type { OpenedHeartbeat } from "./heartbeat.ts";

const KEY = "a/b c%2Fd?e#f";

/** The waiting list, in process and over HTTP alike. */
export function waitingContract(
  name: string,
  opened: (options?: Partial<HeartbeatOptions>) => Promise<OpenedHeartbeat>,
): void {
  describe(`${name}: the waiting list`, () => {
    test("a session that waits is on the waiting list, with why; when it has run, it is not", async () => {
      let isBusy = true;
      const run = (): Outcome =>
        isBusy ? { status: "skipped", reason: "requests-in-flight", retryAfterMs: 100 } : { status: "ran" };
      await using it = await opened({ run });
      const { wakeId } = await it.heartbeat.wake("one", { sessionKey: KEY });
      const page = await it.heartbeat.waiting({ limit: 1 });
      expect(page).toMatchObject({ waiting: 1, dead: 0, next: null });
      expect(page.sessions).toMatchObject([{ sessionKey: KEY, queued: 1, why: { sessionKey: KEY } }]);
      isBusy = false;
      await it.heartbeat.waitFor(wakeId, "settled");
      expect(await it.heartbeat.waiting()).toMatchObject({ sessions: [], waiting: 0, running: 0 });
    });
  });
}
