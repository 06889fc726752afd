import { and, createMachine, not } from "xstate";
import { describe, expect, test } from "vitest";
import { heartbeatMachine, sessionMachine } from "../../machines/index.ts";
import { mermaidOf } from "../../src/diagram/mermaid.ts";

const lines = (machine: Parameters<typeof mermaidOf>[0]): string[] =>
  mermaidOf(machine)
    .split("\n")
    .map((line) => line.trim());

describe("mermaidOf", () => {
  test("draws each state and each transition with event and guard", () => {
    const all = lines(heartbeatMachine);
    expect(all[0]).toBe("stateDiagram-v2");
    expect(all).toContain("[*] --> idle");
    expect(all).toContain("idle --> pending: wake.requested");
    expect(all).toContain("pending --> running: run.started [is pending and due]");
    expect(all).toContain("running --> retrying: run.skipped [is over, the rest waits]");
    expect(all).toContain("running --> running: wake.requested");
    const transitions = Object.values(heartbeatMachine.root.states).flatMap((state) =>
      [...state.transitions.values()].flat(),
    );
    expect(all.filter((line) => line.includes(" --> ") && line.includes(":"))).toHaveLength(
      transitions.length,
    );
  });

  test("transitions of the whole machine start at any state", () => {
    const all = lines(sessionMachine);
    expect(all).toContain('state "any state" as machine_any');
    expect(all).toContain("machine_any --> empty: session.forgotten");
    expect(all).toContain("machine_any --> machine_any: events.dismissed");
  });

  test("compound, parallel and final states, odd names, always, nested guards; a plain config will do", () => {
    const config = {
      id: "odd",
      initial: "go on",
      states: {
        "go on": {
          initial: "a",
          on: { LEAVE: "both", DEEP: ".b" },
          states: { a: { always: { guard: and(["x", not("y")]), target: "b" } }, b: {} },
        },
        both: {
          type: "parallel",
          states: { left: { initial: "l", states: { l: {} } }, right: {} },
          on: { END: "end" },
        },
        end: { type: "final" },
      },
    } as const;
    const all = lines(createMachine(config));
    expect(all).toEqual(lines(config));
    expect(all).toContain('state "go on" as go_on');
    expect(all).toContain("state go_on {");
    expect(all).toContain("go_on --> both: LEAVE");
    expect(all).toContain("go_on_any --> go_on_b: DEEP");
    expect(all).toContain("go_on_a --> go_on_b: always [and(x, not(y))]");
    expect(all).toContain("state both_left {");
    expect(all).toContain("both --> end: END");
    expect(all).toContain("end --> [*]");
    expect(all.filter((line) => line.endsWith("{"))).toHaveLength(all.filter((line) => line === "}").length);
  });
});
