import { defineConfig } from "vitest/config";

/** The tests that a mutant of the machines or the core has to survive: those of the machines and the core alone, each a few milliseconds. */
export default defineConfig({
  test: {
    root: new URL("../../..", import.meta.url).pathname,
    include: ["test/machines/*.test.ts", "test/core/*.test.ts"],
    // Walks of a state space, of long logs and of large lanes: they would take most of the time. What only they see counts as a survivor.
    exclude: [
      "**/node_modules/**",
      "test/**/{paths-*,rest,fold,purity,diagrams,pending-cost,xstate-pins}.test.ts",
    ],
    testTimeout: 20_000,
    maxWorkers: 1,
    // A process for each file would take longer than its tests.
    isolate: false,
  },
});
