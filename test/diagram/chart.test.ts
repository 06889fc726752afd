import { readFileSync } from "node:fs";
import { createMachine } from "xstate";
import { describe, expect, test } from "vitest";
import { ANY, chartOf } from "../../src/diagram/chart.ts";
import { machinesDiagram, MACHINE_NAMES } from "../../src/diagram/index.ts";
import { labelAnchor } from "../../src/diagram/label.ts";
import { LAYOUTS, type Box } from "../../src/diagram/layout.ts";
import { MACHINES } from "../../src/diagram/machines.ts";
import { layoutsFile, LAYOUTS_FILE } from "../support/layouts.ts";
import { checkXml } from "./xml.ts";

test("the layouts are of the machines as they are; if not: npm run diagrams", async () => {
  expect(readFileSync(LAYOUTS_FILE, "utf8")).toBe(await layoutsFile());
});

describe.each(MACHINE_NAMES)("%s", (name) => {
  const { root } = MACHINES[name];

  test("each transition of the machine is a line on exactly one arrow", () => {
    const { arrows } = chartOf(MACHINES[name]);
    for (const [from, node] of [...Object.entries(root.states), [ANY, root] as const]) {
      for (const { eventType, guard, target } of [...node.transitions.values()].flat()) {
        const to = target?.[0]?.key ?? from;
        const [arrow, ...more] = arrows.filter((drawn) => drawn.from === from && drawn.to === to);
        expect(more).toEqual([]);
        const [line, ...others] = arrow?.transitions.filter(({ event }) => event === eventType) ?? [];
        expect(others).toEqual([]);
        expect(line?.event).toBe(eventType);
        expect(guard === undefined || line?.guards.includes(guard as string)).toBe(true);
      }
    }
  });

  test("no label lies on another or on a state, and all lie within the picture", () => {
    const { width, height, states, arrows } = LAYOUTS[name];
    const boxes: readonly Box[] = [...states, ...arrows.map(({ label }) => label)];
    for (const [index, a] of boxes.entries()) {
      expect(a.x >= 0 && a.y >= 0 && a.x + a.width <= width && a.y + a.height <= height).toBe(true);
      expect(boxes.slice(index + 1).filter((b) => overlap(a, b))).toEqual([]);
    }
  });

  test("its picture has all names, and nothing from elsewhere", () => {
    const svg = machinesDiagram([name], "svg");
    const words = checkXml(svg);
    for (const state of Object.keys(root.states)) expect(words).toContain(state);
    for (const event of MACHINES[name].events) expect(words.join("\n")).toContain(event);
    expect(svg.replaceAll("http://www.w3.org/2000/svg", "")).not.toMatch(
      /http|script|@import|href=|url\((?!#)/,
    );
  });
});

test("all machines are one picture, and one page of Mermaid", () => {
  const words = checkXml(machinesDiagram(MACHINE_NAMES, "svg"));
  const mermaid = machinesDiagram(MACHINE_NAMES, "mermaid");
  for (const name of MACHINE_NAMES) {
    expect(words).toContain(MACHINES[name].id);
    expect(mermaid).toContain(`%% ${MACHINES[name].id}\nstateDiagram-v2\n`);
  }
});

test("a machine with nested states is refused", () => {
  const nested = createMachine({ id: "n", initial: "a", states: { a: { initial: "b", states: { b: {} } } } });
  expect(() => chartOf(nested)).toThrow("nested states");
});

const overlap = (a: Box, b: Box): boolean =>
  a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;

test("the lines of an arrow begin or end at the arrow", () => {
  const label = { x: 100, y: 0, width: 60, height: 20 };
  const at = (x: number) => ({
    label,
    points: [
      { x, y: -50 },
      { x, y: 50 },
    ],
  });
  expect(labelAnchor(at(95))).toEqual({ x: 100, anchor: "start" });
  expect(labelAnchor(at(165))).toEqual({ x: 160, anchor: "end" });
  expect(labelAnchor({ label, points: [] })).toEqual({ x: 100, anchor: "start" });
});
