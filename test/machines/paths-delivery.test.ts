import { describe, expect, test } from "vitest";
import { walkAbreast } from "./paths/abreast.ts";
import { CHECKPOINTS } from "./paths/checkpoints.ts";
import { deliveryDriver, deliveryWalk, shownDelivery } from "./paths/delivery-walk.ts";
import { edgeCover } from "./paths/graph.ts";

describe("delivery: every state and every event out of it", () => {
  const cover = edgeCover(deliveryWalk);

  test("the walk is as large as it was, and leaves out no transition", () => {
    console.log(`delivery: ${cover.vertices} states, ${cover.edges} events`);
    expect([cover.vertices, cover.edges]).toEqual([12, 132]);
    // The clock stands still: one that was tried in time cannot be late. The same branch is taken in `pending`.
    expect(cover.untaken).toEqual(["retrying -- delivery.expired #0"]);
  });

  test.each(CHECKPOINTS)("after every step the process dies and comes back, %s", (_, checkpoint) => {
    const states = walkAbreast({
      cover,
      checkpoint,
      driver: deliveryDriver,
      compare({ host }, { deliveryId }, wanted) {
        const { value, context } = host.world.deliveries.peek(deliveryId).actor;
        return {
          got: [value, shownDelivery(context), context.letter?.text ?? null],
          // The machine is compared with itself: that the letter is there until the end has to be said apart.
          wanted: [wanted.value, shownDelivery(wanted.context), wanted.value === "ended" ? null : "said"],
        };
      },
    });
    expect(states).toBeGreaterThan(cover.edges);
  });
});
