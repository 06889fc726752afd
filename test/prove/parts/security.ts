import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { chromiumMissing } from "../../support/browser.ts";
import type { Finding, Part, PartResult } from "../part.ts";

const ROOT = fileURLToPath(new URL("../../..", import.meta.url));
const VITEST = join(ROOT, "node_modules/vitest/vitest.mjs");
const SUITE = "test/security";

/** Each kind of attacker, from a page in a real browser to who changes what we install: all cases of the suite, and those elsewhere that its map names. */
export const security: Part = {
  name: "security",
  invariants: ["S3", "S19", "S20", "L8"],
  missing: chromiumMissing,
  run: async () => countCases(await runTests([`${SUITE}/`, ...elsewhere()])),
};

/** The part of vitest's JSON report that is read here. */
export interface TestReport {
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly message?: string;
    readonly assertionResults: readonly {
      readonly fullName: string;
      readonly status: string;
      readonly failureMessages?: readonly string[] | null;
    }[];
  }[];
}

/** A file that cannot be loaded is a finding too: it has no cases to fail. */
export function countCases({ testResults }: TestReport): PartResult {
  const cases = testResults.flatMap(({ assertionResults }) => assertionResults);
  const of = (wanted: string) => cases.filter(({ status }) => status === wanted);
  const empty = testResults.filter(({ assertionResults: { length } }) => length === 0);
  return {
    counts: {
      cases: of("passed").length,
      files: testResults.length,
      skipped: cases.length - of("passed").length - of("failed").length,
    },
    failures: [
      ...of("failed").map(({ fullName, failureMessages }) =>
        finding(`${fullName}: ${failureMessages?.[0] ?? ""}`),
      ),
      ...empty.map(({ name, message = "" }) => finding(`${name} has no case: ${message}`)),
      ...(testResults.length === 0 ? [finding("no file was run")] : []),
    ],
  };
}

/** The files outside the suite that its map names. */
export function elsewhere(): string[] {
  const map = readFileSync(join(ROOT, SUITE, "README.md"), "utf8");
  return [...map.matchAll(/\]\((\.\.\/[^)]+\.test\.ts)\)/g)].map(([, to = ""]) => normalize(join(SUITE, to)));
}

async function runTests(files: readonly string[]): Promise<TestReport> {
  const folder = mkdtempSync(join(tmpdir(), "lubdub-security-"));
  const report = join(folder, "report.json");
  const args = ["run", ...files, "--reporter=json", `--outputFile=${report}`];
  try {
    // Only the report tells: a failed case ends vitest with 1 as well.
    const child = spawn(process.execPath, [VITEST, ...args], { cwd: ROOT, stdio: "ignore" });
    await new Promise((resolve, reject) => child.on("error", reject).on("close", resolve));
    return JSON.parse(readFileSync(report, "utf8")) as TestReport;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const finding = (message: string): Finding => ({
  seed: 0,
  message,
  reproduce: "npm run prove -- --only security",
});
