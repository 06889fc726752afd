import { readFileSync } from "node:fs";
import { expect, test } from "vitest";

/** `test/README.md` maps each number of the reference to its tests. */
const PULL_REQUESTS = [14241, 21682, 19270, 22277, 15193, 19745, 23759, 22340, 15575, 21014, 12786];
const PROBLEMS = 38;

const page = readFileSync("test/README.md", "utf8");
const rows = page
  .split("\n")
  .filter((line) => /^\| (#|problem )\d/.test(line))
  .map((line) => line.split(/(?<!\\)\|/).map((cell) => cell.trim().replaceAll("\\|", "|")));

test("every number has a test, or is said to have none yet", () => {
  const wanted = [
    ...PULL_REQUESTS.map((number) => `#${number}`),
    ...Array.from({ length: PROBLEMS }, (_, index) => `problem ${index + 1}`),
  ];
  const covered = new Set(rows.map(([, number]) => number));
  const open = /^Not covered yet: (.*)\.$/m.exec(page)?.[1]?.split(", ") ?? [];
  expect(wanted.filter((number) => !covered.has(number))).toEqual(open.filter((number) => number !== "none"));
});

test.each(rows.map(([, number, file, title]) => [number, /^\[(.*)\]/.exec(file ?? "")?.[1] ?? "", title]))(
  "%s is in %s",
  (number, file, title) => {
    expect(title).toMatch(new RegExp(`${number}\\b`));
    expect(readFileSync(file as string, "utf8")).toContain(title);
  },
);
