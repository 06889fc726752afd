import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { encoded, fold } from "../../src/core/fold.ts";
import type { LogRecord } from "../../src/core/records.ts";

/**
 * What every released version has written must fold to the state that it had then. A file here is never changed: when a
 * machine or a record changes, it gets a new version, and the old log must still be understood.
 */
interface Golden {
  readonly machines: Readonly<Record<string, string>>;
  readonly lane: "session" | "shared";
  readonly records: readonly LogRecord[];
  readonly state: ReturnType<typeof encoded>;
}

const FOLDER = new URL("./golden/", import.meta.url);

const files = readdirSync(FOLDER).filter((file) => file.endsWith(".json"));

test("there is a golden log for every released version", () => {
  expect(files).toContain("0.1.0-session.json");
  expect(files).toContain("0.1.0-shared.json");
});

test.each(files)("the log of %s folds to its recorded state", (file) => {
  const golden = JSON.parse(readFileSync(new URL(file, FOLDER), "utf8")) as Golden;
  const laneOf = (key: string): string => (golden.lane === "shared" ? "lane" : key);
  expect(new Set(golden.records.map(({ type }) => type)).size).toBeGreaterThan(9);
  expect(encoded(fold(golden.records, { laneOf }))).toEqual(golden.state);
});
