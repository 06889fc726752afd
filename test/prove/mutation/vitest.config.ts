import { defineConfig } from "vitest/config";

/** The tests that a mutant of the machines or the core has to survive: those that run in memory, on a clock that is driven. */
export default defineConfig({
  test: {
    root: new URL("../../..", import.meta.url).pathname,
    include: ["test/machines/**/*.test.ts", "test/core/**/*.test.ts", "test/hosts/**/*.test.ts"],
    // Walks of a state space and of long logs: minutes for each mutant. What only they see counts as a survivor.
    exclude: [
      "**/node_modules/**",
      "test/**/{paths,rest,fold,purity,diagrams,closing,full-disk,idle-storm,contract,compaction-time}.test.ts",
    ],
    testTimeout: 20_000,
    maxWorkers: 1,
  },
});
