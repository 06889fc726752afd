import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";

/** Nothing waits for a time that passes: this is only how long a crowded machine may take before a test counts as hanging. */
const TIMEOUT_MS = 300_000;
/** The same for what `expect.poll` waits for. */
const POLL_TIMEOUT_MS = 60_000;

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    globalSetup: ["test/support/closing-line.ts"],
    exclude: ["test/xstate4-viewer/**", "**/node_modules/**"],
    // Many tests wait for processes that they started, so that even two cores serve three files at once.
    maxWorkers: Math.max(3, availableParallelism() - 1),
    testTimeout: TIMEOUT_MS,
    hookTimeout: TIMEOUT_MS,
    expect: { poll: { timeout: POLL_TIMEOUT_MS } },
  },
});
