import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { judge, reusable } from "./judge.ts";
import { SURVIVORS } from "./survivors.ts";

describe("the mutation score", () => {
  const PR = { scoreMin: 60, allExplained: false };
  const source = "if (a) {\n  return b;\n}";
  const location = { start: { line: 2, column: 3 }, end: { line: 2, column: 12 } };
  const file = (...statuses: string[]) => ({
    source,
    mutants: statuses.map((status, index) => ({ status, replacement: `x${index}`, location })),
  });
  const score = (of: ReturnType<typeof file>, facts: Partial<Parameters<typeof judge>[1]> = {}) =>
    judge({ files: { "a.ts": of } }, { all: of.mutants.length, explained: [], wanted: PR, ...facts });
  const explains = (...changes: string[]) => [{ file: "a.ts", line: "return b;", changes, why: "it is so" }];

  test("counts what no test noticed or ran, and nothing that could not be tried", () => {
    const tried = ["Killed", "Timeout", "Killed", "CompileError", "Ignored", "Survived", "NoCoverage"];
    const { counts, failures, details, incomplete } = score(file(...tried));
    expect(counts).toEqual({
      killed: 2,
      timeout: 1,
      survived: 1,
      explained: 0,
      "no coverage": 1,
      "not yet run": 0,
      "% score": 60,
    });
    expect([failures, incomplete]).toEqual([[], undefined]);
    expect(details).toEqual([
      { at: "a.ts:2", change: "return b; -> x5" },
      { at: "a.ts:2", change: "return b; -> x6" },
    ]);
  });

  test("is that of what was run; the rest is named", () => {
    const { counts, incomplete } = score(file("Killed", "Killed"), { all: 9 });
    expect(counts).toMatchObject({ "% score": 100, "not yet run": 7 });
    expect(incomplete).toBe("7 mutants were not run yet");
  });

  test("fails below what is wanted", () => {
    const { failures } = score(file("Survived"), { wanted: { ...PR, scoreMin: 1 } });
    expect(failures).toMatchObject([{ message: "0 % of the mutants are noticed; 1 % are wanted" }]);
  });

  test("counts an explained survivor apart, and as a survivor", () => {
    const tried = file("Killed", "Killed", "Killed", "Survived", "Survived");
    const explained = explains("return b; -> x3");
    expect(score(tried, { explained }).counts).toMatchObject({ survived: 1, explained: 1, "% score": 60 });
    expect(score(tried, { explained }).failures).toEqual([]);
    const all = { scoreMin: 60, allExplained: true };
    expect(score(tried, { explained, wanted: all }).failures).toMatchObject([
      { message: "a.ts:2: nothing notices return b; -> x4" },
    ]);
  });

  test("fails for an explanation of what is noticed, or gone", () => {
    const noticed = score(file("Killed"), { explained: explains("return b; -> x0"), all: 9 });
    expect(noticed.failures).toHaveLength(1);
    const gone = explains("return b; -> y");
    expect(score(file("Killed"), { explained: gone }).failures).toHaveLength(1);
    expect(score(file("Killed"), { explained: gone, all: 9 }).failures).toEqual([]);
  });

  test("has no explanation of a line that is no longer there", () => {
    for (const { file: path, line, changes } of SURVIVORS) {
      const lines = readFileSync(new URL(`../../../${path}`, import.meta.url), "utf8").split("\n");
      expect(lines.map((text) => text.trim())).toContain(line);
      expect(changes.length).toBeGreaterThan(0);
    }
  });
});

test("a survivor that no single test covers is tried again; the rest of the report stays", () => {
  const mutant = (status: string, isStatic: boolean) => ({
    status,
    static: isStatic,
    location: { start: { line: 1, column: 1 }, end: { line: 1, column: 2 } },
  });
  const kept = [mutant("Killed", true), mutant("Survived", false)];
  const files = (mutants: ReturnType<typeof mutant>[]) => ({ "a.ts": { source: "a", mutants } });
  const before = [...kept, mutant("Survived", true), mutant("NoCoverage", true)];
  expect(reusable({ schemaVersion: "1", files: files(before) })).toEqual({
    schemaVersion: "1",
    files: files(kept),
  });
});
