import { describe, expect, test } from "vitest";
import { walkAbreast } from "./paths/abreast.ts";
import { CHECKPOINTS } from "./paths/checkpoints.ts";
import { edgeCover } from "./paths/graph.ts";
import { sessionDriver } from "./paths/session-driver.ts";
import { sessionWalk, shownSession } from "./paths/session-walk.ts";

describe("session: every state and every event out of it, beside another session with almost the same key", () => {
  const cover = edgeCover(sessionWalk);

  test("the walk is as large as it was, and leaves out no transition", () => {
    console.log(`session: ${cover.vertices} states, ${cover.edges} events`);
    expect([cover.vertices, cover.edges]).toEqual([64, 1138]);
    expect(cover.untaken).toEqual([]);
  });

  test.each(CHECKPOINTS)("after every step the process dies and comes back, %s", (_, checkpoint) => {
    const states = walkAbreast({
      cover,
      checkpoint,
      driver: (subject, lane, path) =>
        sessionDriver(subject, lane, [`${lane}|agent:main`, `${lane}|agent:main.`], path),
      compare({ host }, { lane, nameOf }, wanted) {
        const { value, context } = host.world.peekSession(`${lane}|agent:main`).actor;
        const bystander = host.world.peekSession(`${lane}|agent:main.`).actor.context.queue;
        return {
          got: [value, shownSession(context, nameOf), bystander.map(({ text }) => text)],
          wanted: [wanted.value, shownSession(wanted.context, (name) => name), ["bystander"]],
        };
      },
    });
    expect(states).toBeGreaterThan(cover.edges);
  });
});
