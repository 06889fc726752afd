import fc from "fast-check";
import { expect, test } from "vitest";
import { encoded, fold } from "../../src/core/fold.ts";
import { createHost } from "../../src/hosts/embedded.ts";
import type { Host } from "../../src/hosts/host.ts";
import { stateAt } from "../../src/hosts/past.ts";
import { memoryStore } from "../../src/log/memory.ts";
import { resolveOptions } from "../../src/options.ts";
import { BUSY, FAILED, RAN, scriptedAgent } from "../support/agent.ts";
import { simulatedClock, type SimulatedClock } from "../support/simulated-clock.ts";

const laneOf = (sessionKey: string): string => sessionKey.slice(0, 1);
const keys = fc.constantFrom("a:one", "a:two", "b:one", "b:\u00e9", "b:e\u0301");
const intents = fc.constantFrom("scheduled", "event", "immediate", "manual");

type Step = (host: Host, clock: SimulatedClock) => unknown;
const steps: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: keys.map(
      (sessionKey): Step =>
        ({ intake }) =>
          intake.event("text", { sessionKey }, true),
    ),
  },
  keys.map(
    (sessionKey): Step =>
      ({ intake }) =>
        intake.event("lingers", { sessionKey }, false),
  ),
  fc.tuple(keys, intents).map(
    ([sessionKey, intent]): Step =>
      ({ intake }) =>
        intake.wake({ sessionKey, intent }),
  ),
  {
    weight: 4,
    arbitrary: fc.integer({ min: 0, max: 5_000 }).map(
      (byMs): Step =>
        (_, clock) =>
          clock.advance(byMs),
    ),
  },
  keys.map(
    (sessionKey): Step =>
      (host) =>
        drain(host, sessionKey),
  ),
  keys.map(
    (sessionKey): Step =>
      (host) =>
        requeue(host, sessionKey),
  ),
);
const answers = fc.array(fc.constantFrom(RAN, BUSY, FAILED, { ...FAILED, retryable: false }), {
  minLength: 1,
  maxLength: 8,
});

test("replay equals live at every position, whatever happens, with and without checkpoints and actors at rest", async () => {
  let positions = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(steps, { maxLength: 40 }),
      answers,
      fc.constantFrom(3, 1_000),
      async (todo, script, every) => {
        const clock = simulatedClock();
        const agent = scriptedAgent(...script);
        const options = {
          run: agent.run,
          store: memoryStore(),
          clock,
          laneOf,
          maxAttempts: 3,
          checkpointRecords: every,
          liveActorsMax: 2,
        };
        const host = createHost(resolveOptions(options));
        const live = new Map<number, ReturnType<typeof encoded>>();
        // Told after each commit: the world is then as of its last record.
        host.subscribe(({ position }) => {
          if (position === host.journal.nextPosition - 1) live.set(position, encoded(host.world));
        });
        for (const step of todo) {
          void Promise.resolve(step(host, clock)).catch(() => {});
          await clock.settle();
        }
        await clock.advance(1_000_000);

        const records = [...host.store.read()];
        for (let position = 0; position <= records.length; position++) {
          const folded = encoded(fold(records.slice(0, position), { laneOf }));
          const seen = await stateAt(host, position);
          expect(parsed(folded.sessions)).toEqual(seen.sessions);
          expect(parsed(folded.heartbeats)).toEqual(seen.heartbeats);
          const { sessions = {}, heartbeats = {} } = live.get(position) ?? {};
          expect(folded.sessions).toMatchObject(sessions);
          expect(folded.heartbeats).toMatchObject(heartbeats);
          positions += live.has(position) ? 1 : 0;
        }
        expect(live.has(records.length) || records.length === 0).toBe(true);
        await host.stop(0);
      },
    ),
    { numRuns: 60 },
  );
  expect(positions).toBeGreaterThan(100);
});

const parsed = (texts: Record<string, string>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(texts).map(([key, text]) => [key, JSON.parse(text) as unknown]));

function drain({ journal, world }: Host, sessionKey: string): void {
  const { queue, offer } = world.peekSession(sessionKey).actor.context;
  const eventIds = queue.map(({ eventId }) => eventId).filter((id) => offer?.eventIds.includes(id) !== true);
  if (eventIds.length > 0)
    journal.write({ type: "events.drained", sessionKey, facts: { eventIds }, body: null });
}

function requeue({ journal, world, clock }: Host, sessionKey: string): void {
  const eventIds = world
    .peekSession(sessionKey)
    .actor.context.dead.slice(0, 1)
    .map(({ event }) => event.eventId);
  if (eventIds.length === 0) return;
  const facts = { eventIds, wakeId: "w-1-requeued", dueAtMs: clock.nowMs() };
  journal.write({ type: "events.requeued", sessionKey, facts, body: null });
}
