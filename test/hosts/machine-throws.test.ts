import { expect, test } from "vitest";
import { createHost } from "../../src/hosts/embedded.ts";
import { memoryStore } from "../../src/log/memory.ts";
import { resolveOptions } from "../../src/options.ts";
import type { RecordDraft } from "../../src/run/journal.ts";
import { stateAt } from "../../src/hosts/past.ts";
import { RAN } from "../support/agent.ts";
import { simulatedClock } from "../support/simulated-clock.ts";

/** A machine that throws is a defect of ours: its record is refused to the caller, and nothing else comes to harm. */

const D = "agent:main:discord:channel:42";
const W = "agent:main:whatsapp:7";
const FRESH = "agent:main:fresh";

/** An event whose time cannot be compared: the session takes it in, and then the heartbeat trips over it. */
function poisoned(sessionKey: string): RecordDraft {
  const dueAtMs = {
    valueOf() {
      throw new Error("the machine trips");
    },
  };
  const wake = { wakeId: "w-1", source: "exec-event", intent: "event", reason: "a defect", dueAtMs };
  const facts = { eventId: "e-1", trust: "trusted", ...wake };
  return { type: "event.queued", sessionKey, facts, body: { text: "poison" } } as unknown as RecordDraft;
}

test.each([
  ["per session", [D]],
  ["shared", [FRESH, D]],
] as const)(
  "the write is refused, the turn's others commit without a gap, the actors stand where the log leads: lanes %s",
  async (lanes, tripsWith) => {
    const clock = simulatedClock();
    const calls: string[] = [];
    const host = createHost(
      resolveOptions({
        run: ({ events }) => (calls.push(...events.map(({ text }) => text)), RAN),
        store: memoryStore(),
        clock,
        ...(lanes === "shared" ? { laneOf: () => "main" } : {}),
      }),
    );
    const accepted = [host.intake.event("before", { sessionKey: D }, true)];
    await clock.settle();
    accepted.push(host.intake.event("for W", { sessionKey: W }, true));
    accepted.push(host.intake.event("for D", { sessionKey: D }, true));
    for (const sessionKey of tripsWith) {
      expect(() => host.journal.write(poisoned(sessionKey))).toThrow("the machine trips");
    }
    accepted.push(host.intake.event("after", { sessionKey: D }, true));
    accepted.push(host.intake.event("fresh", { sessionKey: FRESH }, true));
    await clock.settle();
    expect((await Promise.all(accepted)).map(({ position }) => position)).toEqual([1, 2, 3, 4, 5]);
    expect([...host.store.read()].map(({ position }) => position)).toEqual([1, 2, 3, 4, 5]);
    const live = host.world.session(D).actor.context.queue;
    expect(live.map(({ text }) => text)).toEqual(["before", "for D", "after"]);
    const { sessions } = await stateAt(host, host.store.head().position);
    expect(sessions[D]).toMatchObject({ context: { queue: live } });
    await clock.advance(60_000);
    expect(calls.toSorted()).toEqual(["after", "before", "for D", "for W", "fresh"].toSorted());
    void host.stop(0);
    await clock.settle();
  },
);
