import type { TestProject } from "vitest/node";
import { chromiumMissing } from "./browser.ts";

/** After all tests: says that those in the browser were not run, where they should have been. */
export default function setup({ vitest }: TestProject): () => void {
  return () => {
    const missing = chromiumMissing();
    const wasAsked = vitest.state.getFiles().some(({ name }) => name.endsWith("security/chromium.test.ts"));
    if (missing !== undefined && wasAsked) console.log(`The browser tests were not run: ${missing}`);
  };
}
