import fc from "fast-check";
import type { Accepted, RunRequest } from "../../../src/vocabulary.ts";
import type { SimulatedClock } from "../../support/simulated-clock.ts";
import { testHeart } from "../../support/world.ts";
import { must, same, Violation } from "../simulator/promise.ts";

const KEYS = ["agent:main:42", "agent:main:4"];

const call = fc.record({
  key: fc.constantFrom(...KEYS),
  kind: fc.constantFrom("wake", "wake", "queue", "drain", "turn", "twice"),
});

/**
 * S1, S3, S5, S7, S9: producers, users' turns and an agent whose answers come in any order. Every accepted event is shown to its own
 * session once, or drained; the lane is never worked in twice.
 */
export const intakeProperty = fc.asyncProperty(
  fc.scheduler(),
  fc.array(call, { minLength: 2, maxLength: 6 }),
  async (scheduler, calls) => {
    const working = new Set<string>();
    const shown: string[] = [];
    const drained: string[] = [];
    const accepted = new Set<string>();
    // What a run throws counts as its failure, so broken promises are kept for the end.
    const violations: unknown[] = [];
    const enter = (key: string): void => {
      if (working.has(key)) violations.push(new Violation("S5 one at a time in a lane"));
      working.add(key);
    };
    const { heartbeat, clock } = testHeart({
      coalesceMs: 10,
      lingerMs: 50,
      async run({ sessionKey, events }: RunRequest) {
        enter(sessionKey);
        if (events.some((event) => event.sessionKey !== sessionKey))
          violations.push(new Violation("S3 only its own events"));
        await scheduler.schedule(Promise.resolve());
        working.delete(sessionKey);
        shown.push(...events.map(({ eventId }) => eventId));
        return { status: "ran" };
      },
    });
    const keep = ({ eventId }: Accepted): void => void accepted.add(eventId as string);
    const act = async ({ key, kind }: (typeof calls)[number], index: number): Promise<void> => {
      await scheduler.schedule(Promise.resolve());
      const text = `event ${index}`;
      switch (kind) {
        case "wake":
          return keep(await heartbeat.wake(text, { sessionKey: key }));
        case "queue":
          return keep(await heartbeat.enqueueSystemEvent(text, { sessionKey: key }));
        case "twice": {
          const twice = { sessionKey: key, dedupeKey: text };
          const both = await Promise.all([heartbeat.wake(text, twice), heartbeat.wake(text, twice)]);
          must(both[0].eventId === both[1].eventId, "S9 one dedupe key makes one event");
          return both.forEach(keep);
        }
        case "drain":
          return void drained.push(...(await heartbeat.drainSystemEvents(key)).map(({ eventId }) => eventId));
        case "turn":
          return heartbeat.withTurn(
            key,
            async () => {
              enter(key);
              await scheduler.schedule(Promise.resolve());
              working.delete(key);
            },
            { preempt: false },
          );
      }
    };
    let done = false;
    const all = Promise.all(calls.map(act))
      .catch((error: unknown) => violations.push(error))
      .finally(() => (done = true));
    await settleAll(() => done, scheduler, clock);
    await all;
    if (violations.length > 0) throw violations[0];
    await settleAll(() => shown.length + drained.length >= accepted.size, scheduler, clock);
    if (violations.length > 0) throw violations[0];
    const handled = [...shown, ...drained].sort();
    must(same(handled, [...accepted].sort()), "S1 S7 every event is handled once: shown to a run or drained");
    await heartbeat.close();
  },
);

/** Time and the chosen order go on by turns until it is so; a hundred rounds without is a stall. */
async function settleAll(
  isDone: () => boolean,
  scheduler: fc.Scheduler,
  clock: SimulatedClock,
): Promise<void> {
  for (let round = 0; !isDone(); round++) {
    must(round < ROUNDS_MAX, "L1 everything is handled in the end");
    if (scheduler.count() > 0) await scheduler.waitNext(1);
    await clock.advance(STEP_MS);
  }
}

const ROUNDS_MAX = 100;
const STEP_MS = 20;
