import { expect, test } from "vitest";
import { createHost } from "../../src/hosts/embedded.ts";
import { schedulesOf } from "../../src/hosts/schedules.ts";
import { memoryStore } from "../../src/log/memory.ts";
import { resolveOptions } from "../../src/options.ts";
import type { Journal } from "../../src/run/journal.ts";
import { held } from "../support/agent.ts";
import { simulatedClock } from "../support/simulated-clock.ts";

/** A tick is written whole or not at all: an event without `schedule.fired` would come a second time. */

const KEY = "agent:main:main";
const OTHER = "agent:web:7";
const MINUTE_MS = 60_000;

/** The first `schedule.fired` cannot be written. */
function failsOnce({ journal }: { readonly journal: Journal }): void {
  const write = journal.write.bind(journal);
  let failed = false;
  journal.write = ((draft: Parameters<Journal["write"]>[0]) => {
    if (draft.type !== "schedule.fired" || failed) return write(draft);
    failed = true;
    throw new Error("the machine trips");
  }) as Journal["write"];
}

test("GIVEN a tick whose second record fails, WHEN it is looked at again, THEN its event is there once", async () => {
  const clock = simulatedClock();
  const store = memoryStore();
  const never = held<never>();
  const host = createHost(
    resolveOptions({ run: () => never.promise, store, clock, runTimeoutMs: 86_400_000 }),
  );
  const set = schedulesOf(host).setSchedule({
    scheduleId: "hourly",
    sessionKey: KEY,
    everyMs: 60 * MINUTE_MS,
    text: "Look at the mail.",
  });
  await clock.settle();
  const { nextAtMs } = (await set) ?? {};
  await clock.advance((nextAtMs as number) - clock.nowMs() - 1);
  failsOnce(host);
  void host.intake.event("at the same moment", { sessionKey: OTHER }, true);
  await clock.advance(1);
  expect(host.world.peekSession(KEY).actor.context.queue).toEqual([]);
  expect(host.quarantined.size).toBe(1);
  await clock.advance(2 * MINUTE_MS);

  const records = [...store.read()];
  const texts = records.flatMap((record) => (record.type === "event.queued" ? [record.body?.text] : []));
  expect(texts).toEqual(["at the same moment", "Look at the mail."]);
  expect(records.filter(({ type }) => type === "schedule.fired")).toHaveLength(1);
  expect(records.map(({ position }) => position)).toEqual(records.map((_, index) => index + 1));
  expect(host.quarantined.size).toBe(0);
  expect(host.world.session(KEY).actor.context.queue.map(({ text }) => text)).toEqual(["Look at the mail."]);
});
