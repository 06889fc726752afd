import type { TestProject } from "vitest/node";
import { chromiumMissing } from "./browser.ts";
import { terminalMissing } from "./pseudo-terminal.ts";

const BROWSER_TESTS = /(^|\/)(security\/chromium|inspect\/online|dashboard\/[a-z-]+)\.test\.ts$/;

const TERMINAL_TESTS = /(^|\/)cli\/top\.test\.ts$/;

/** After all tests: says which were not run, where they should have been. */
export default function setup({ vitest }: TestProject): () => void {
  return () => {
    const wasAsked = (tests: RegExp) => vitest.state.getFiles().some(({ name }) => tests.test(name));
    const say = (kind: string, tests: RegExp, missing: string | undefined): void => {
      if (missing !== undefined && wasAsked(tests)) console.log(`The ${kind} tests were not run: ${missing}`);
    };
    say("browser", BROWSER_TESTS, chromiumMissing());
    say("terminal", TERMINAL_TESTS, terminalMissing());
  };
}
