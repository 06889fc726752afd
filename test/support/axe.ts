import axe from "axe-core";
import type { Page } from "playwright-core";

/** What keeps people from using the page, in the dark and in light: faults that axe calls serious or critical, with where they are. */
export async function accessFaults(page: Page): Promise<readonly string[]> {
  await page.evaluate(axe.source);
  const faults: string[] = [];
  for (const colorScheme of ["dark", "light"] as const) {
    await page.emulateMedia({ colorScheme });
    faults.push(...(await faultsNow(page)).map((fault) => `${colorScheme}: ${fault}`));
  }
  return faults;
}

async function faultsNow(page: Page): Promise<readonly string[]> {
  const found = (await page.evaluate("axe.run()")) as {
    readonly violations: readonly {
      readonly id: string;
      readonly impact: string;
      readonly nodes: readonly { readonly html: string; readonly failureSummary: string }[];
    }[];
  };
  return found.violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .flatMap(({ id, nodes }) => nodes.map(({ html, failureSummary }) => `${id}: ${html} ${failureSummary}`));
}
