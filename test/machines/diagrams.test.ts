import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import {
  agentMachine,
  deliveryMachine,
  heartbeatMachine,
  scheduleMachine,
  sessionMachine,
} from "../../machines/index.ts";
import { diagramsPage, PAGE } from "../support/diagrams.ts";

test("the page shows the machines as they are; if not: npm run diagrams", () => {
  expect(readFileSync(PAGE, "utf8")).toBe(diagramsPage());
});

test("it names every state and every event", () => {
  const page = diagramsPage();
  for (const { root } of [heartbeatMachine, sessionMachine, scheduleMachine, deliveryMachine, agentMachine]) {
    for (const state of Object.values(root.states)) {
      for (const event of state.transitions.keys()) expect(page).toContain(`| ${state.key} | \`${event}\` |`);
    }
  }
});
