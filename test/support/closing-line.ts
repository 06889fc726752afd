import type { TestProject } from "vitest/node";
import { chromiumMissing } from "./browser.ts";

const BROWSER_TESTS = /(^|\/)(security\/chromium|dashboard\/[a-z-]+)\.test\.ts$/;

/** After all tests: says that those in the browser were not run, where they should have been. */
export default function setup({ vitest }: TestProject): () => void {
  return () => {
    const missing = chromiumMissing();
    const wasAsked = vitest.state.getFiles().some(({ name }) => BROWSER_TESTS.test(name));
    if (missing !== undefined && wasAsked) console.log(`The browser tests were not run: ${missing}`);
  };
}
