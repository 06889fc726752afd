import { describe, expect, test } from "vitest";
import { arrowOf, countsOf } from "../../src/diagram/counts.ts";
import { LAYOUTS } from "../../src/diagram/layout.ts";

const { heartbeat, session } = LAYOUTS;
const nameOf = (layout: typeof heartbeat, index: number): string => {
  const arrow = layout.arrows[index];
  return arrow === undefined ? "none" : `${arrow.from} > ${arrow.to}`;
};

describe("the ways that were taken", () => {
  test("each is counted on its arrow, by event", () => {
    const busy = { event: "run.skipped", from: "running", to: "retrying" };
    const counts = countsOf(heartbeat, [busy, { ...busy, event: "run.failed" }, busy]);
    const at = heartbeat.arrows.findIndex(({ from, to }) => from === "running" && to === "retrying");
    expect(counts[at]).toEqual(
      new Map([
        ["run.skipped", 2],
        ["run.failed", 1],
      ]),
    );
    expect(counts.filter(({ size }) => size > 0)).toHaveLength(1);
  });

  test("what is declared for any state is found there; a way that no arrow shows is on none", () => {
    const forgotten = { event: "session.forgotten", from: "waiting", to: "empty" };
    expect(nameOf(session, arrowOf(session, forgotten))).toBe("any state > empty");
    const noted = { event: "route.noted", from: "offered", to: "offered" };
    expect(nameOf(session, arrowOf(session, noted))).toBe("any state > any state");
    expect(arrowOf(session, { event: "run.started", from: "offered", to: "empty" })).toBe(-1);
    expect(
      countsOf(session, [{ event: "nothing", from: "empty", to: "empty" }]).every(({ size }) => size === 0),
    ).toBe(true);
  });
});
