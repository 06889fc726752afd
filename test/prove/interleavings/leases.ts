import fc from "fast-check";
import { createLeases } from "../../../src/run/lease.ts";
import { must } from "../simulator/promise.ts";

const LANES = ["a", "b"];

/** What one worker does, between waits whose order fast-check chooses. */
const work = fc.record({
  lane: fc.constantFrom(...LANES),
  kind: fc.constantFrom("turn", "turn", "run", "gives up"),
  /** Waits before it gives the lane back. */
  holds: fc.nat({ max: 2 }),
});

/** S5, L6: whatever the order, at most one works in a lane, everybody gets it in the end, nothing is left held. */
export const leaseProperty = fc.asyncProperty(
  fc.scheduler(),
  fc.array(work, { minLength: 2, maxLength: 6 }),
  async (scheduler, workers) => {
    const free: string[] = [];
    const leases = createLeases((lane) => free.push(lane));
    const inside = new Map<string, number>();
    const pause = (): Promise<unknown> => scheduler.schedule(Promise.resolve());
    const hold = async (lane: string, holds: number): Promise<void> => {
      inside.set(lane, (inside.get(lane) ?? 0) + 1);
      must(inside.get(lane) === 1, "S5 one at a time in a lane");
      for (let wait = 0; wait <= holds; wait++) await pause();
      inside.set(lane, (inside.get(lane) ?? 0) - 1);
    };
    const all = Promise.all(
      workers.map(async ({ lane, kind, holds }) => {
        await pause();
        if (kind === "run") {
          if (!leases.tryTake(lane)) return;
          await hold(lane, holds);
          return leases.giveBack(lane);
        }
        const abort = new AbortController();
        if (kind === "gives up") void pause().then(() => abort.abort(new Error("waited enough")));
        const giveBack = await leases.take(lane, abort.signal).catch(() => null);
        if (giveBack === null) return;
        must(leases.heldByTurn(lane), "S5 a turn that was granted holds the lane");
        await hold(lane, holds);
        giveBack();
        giveBack(); // a second time changes nothing
      }),
    );
    await scheduler.waitFor(all);
    for (const lane of LANES) must(!leases.isHeld(lane), "L6 nothing is left held");
    must(
      workers.every(({ lane, kind }) => kind !== "turn" || free.includes(lane)),
      "L6 a lane that was used becomes free",
    );
  },
);
