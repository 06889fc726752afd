import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { fuzzPart } from "./fuzz/part.ts";
import { interleavingsPart } from "./interleavings/part.ts";
import { museumPart } from "./museum/part.ts";
import { BUGS, planted } from "./museum/planted.ts";
import { typeErrors } from "./museum/types.ts";
import type { Part, PartResult } from "./part.ts";
import { countCases, elsewhere } from "./parts/security.ts";
import { PARTS } from "./parts.ts";
import { prove } from "./prove.ts";
import type { RunReport } from "./report.ts";
import { runPool } from "./simulator/pool.ts";
import { simulatorPart } from "./simulator/part.ts";
import type { JobResult } from "./simulator/job.ts";

/** A small slice of every part, so that each test run shows that the prover itself is alive. */

const request = { tier: "pr", progress: () => {} } as const;

let reports: string;
let said: string;
let errors: string;
const output = {
  isTTY: false,
  write: (text: string) => void (said += text),
  error: (text: string) => void (errors += text),
};
beforeEach(() => {
  reports = mkdtempSync(join(tmpdir(), "lubdub-prove-"));
  said = errors = "";
});
afterEach(() => rmSync(reports, { recursive: true }));

/** What is seldom enough to be lost unseen by a change of the generator. */
const HOLDS = [
  ...["quiet-hours", "cooldown", "flood", "budget", "self-wake", "circuit-open"].map(
    (hold) => `held by ${hold}`,
  ),
  "events of quiet hours in one run",
  "days of a budget that were over",
  "days slept until there was a budget again",
  "nights during a run",
  "runs of the day before that were skipped",
  "tokens of a run of the day before",
  "wakes caused by a run",
  "reads that failed: session",
  "reads that failed: agent",
  "sessions set aside",
  "slow reads",
  "breakers opened",
  "breakers half open",
  "breakers opened again",
  "breakers closed",
];

const fakePart = (name: string, result: Partial<PartResult>, missing?: string): Part => ({
  name,
  invariants: ["S1"],
  missing: () => missing,
  run: async () => ({ counts: { cases: 7 }, failures: [], ...result }),
});
const reportIn = (folder: string): RunReport =>
  JSON.parse(readFileSync(join(folder, readdirSync(folder)[0] as string), "utf8")) as RunReport;

describe("a slice of each part", () => {
  test("the simulator: 150 seeds, some twice, no promise broken, and every kind of hold reached", async () => {
    const size = { seeds: 150, steps: 80 };
    const { counts, failures, details } = await simulatorPart({ pr: size, deep: size }).run(request);
    expect(failures).toEqual([]);
    expect(counts).toMatchObject({ seeds: 150, "run twice": 8 });
    const { reached } = details as { reached: Record<string, number> };
    expect(HOLDS.filter((name) => !reached[name])).toEqual([]);
    expect(counts["events"]).toBeGreaterThan(1_000);
    expect(counts["crashes"]).toBeGreaterThan(10);
  });

  test("the museum: three bugs are found", async () => {
    const ids = [
      "key-dropped-on-busy-retry",
      "everything-queued-acknowledged",
      "hot-loop-with-all-slots-taken",
    ];
    const { counts, failures } = await museumPart(BUGS.filter(({ id }) => ids.includes(id))).run(request);
    expect(failures).toEqual([]);
    expect(counts).toMatchObject({ bugs: 3, found: 3 });
  });

  test("the interleavings: no promise broken", async () => {
    const sizes = { leases: 300, intake: 100, commands: 50 };
    const { counts, failures } = await interleavingsPart({ pr: sizes, deep: sizes }).run(request);
    expect(failures).toEqual([]);
    expect(counts).toEqual(sizes);
  });
});

describe("the fuzzer", () => {
  test("a slice of each target: no door gives way", async () => {
    const sizes = {
      http: 200,
      sockets: 60,
      library: 200,
      prompt: 100,
      config: 100,
      "command line": 100,
      rows: 500,
    };
    const { counts, failures } = await fuzzPart({ pr: sizes, deep: sizes }).run(request);
    expect(failures).toEqual([]);
    expect(counts).toEqual(sizes);
  });

  test("cases that do not end in their time are a finding with its seed, and the rest is done", async () => {
    const sizes = { http: 0, sockets: 0, library: 0, prompt: 0, config: 0, "command line": 0, rows: 500 };
    const { failures } = await fuzzPart({ pr: sizes, deep: sizes }, 1).run({ ...request, seed: 7 });
    expect(failures).toMatchObject([{ seed: 7, message: "rows, seed 7: L2 hangs: more than 1 ms" }]);
    expect(failures[0]?.reproduce).toContain("--only fuzz --seed 7");
  });
});

describe("the security suite", () => {
  const inFile = (name: string, ...statuses: string[]) => ({
    name,
    status: "passed",
    assertionResults: statuses.map((status) => ({ fullName: `${name} ${status}`, status })),
  });

  test("counts its cases; one that failed, and a file without any, is a finding", () => {
    const testResults = [inFile("a", "passed", "passed", "skipped"), inFile("b", "failed"), inFile("c")];
    const { counts, failures } = countCases({ testResults });
    expect(counts).toEqual({ cases: 2, files: 3, skipped: 1 });
    expect(failures.map(({ message }) => message)).toEqual(["b failed: ", "c has no case: "]);
    expect(countCases({ testResults: [] }).failures).toHaveLength(1);
  });

  test("takes in the files that its map names", () => {
    expect(elsewhere()).toContain("test/inspect/access.test.ts");
    expect(elsewhere().filter((file) => !existsSync(file))).toEqual([]);
  });
});

describe("the museum", () => {
  const ERRORS = { file: "src/errors.ts", find: "export class LubdubError", seen: "problem 1" };

  test("has at least 25 bugs, each with its own name and where it was seen", () => {
    expect(BUGS.length).toBeGreaterThanOrEqual(25);
    expect(new Set(BUGS.map(({ id }) => id)).size).toBe(BUGS.length);
    for (const { seen } of BUGS)
      expect(seen).toMatch(/#\d+|problem \d+|reliability note|found by the simulator/);
  });

  test("every snippet is found exactly once: no bug has rotted", () => {
    for (const bug of BUGS) expect(planted(bug)).not.toBe("");
  });

  test("every bug compiles; one that does not is named: what it breaks would not be what it shows", () => {
    const call = { ...ERRORS, id: "no-such-name", replace: "gone();\nexport class LubdubError" };
    expect(typeErrors([...BUGS, call])).toEqual([
      expect.stringMatching(/src\/errors\.no-such-name\.ts.*Cannot find name 'gone'/),
    ]);
    const syntax = { ...ERRORS, id: "no-syntax", replace: "export class {{ LubdubError" };
    expect(typeErrors([syntax])[0]).toContain("src/errors.no-syntax.ts");
  }, 60_000);

  test("a bug whose snippet is gone fails loudly", () => {
    const bug = { id: "gone", seen: "problem 1", file: "src/errors.ts", find: "no such text", replace: "" };
    expect(() => planted(bug)).toThrow(
      'Bug "gone": expected its snippet exactly once in src/errors.ts; found it 0 times',
    );
  });
});

describe("a seed that hangs", () => {
  test("is killed and reported with its seed, and the next one goes on", async () => {
    const results: JobResult[] = [];
    const hang = new URL("simulator/hang-on-seed.ts", import.meta.url).href;
    const jobs = [1, 2].map((seed) => ({ seed, steps: 5, twice: false }));
    await runPool(jobs.values(), {
      children: 1,
      seedMsMax: 3_000,
      execArgv: ["--import", hang],
      onResult: (result) => results.push(result) > 0,
    });
    expect(results).toMatchObject([{ seed: 1, message: "L2 hangs: more than 3000 ms" }, { seed: 2 }]);
    expect(results[1]).toHaveProperty("report");
  });
});

describe("npm run prove", () => {
  test.each([
    [["--tier", "huge"], 'Expected --tier to be pr or deep; got "huge".'],
    [["--only", "nothing"], "Expected --only to name parts (simulator, museum, interleavings"],
    [["--only", "fuzz,nothing"], 'with commas between them; got "nothing".'],
    [["--only", ""], 'got ""'],
    [["--seed", "-1"], "got"],
    [["--seed", "1.5"], 'Expected --seed to be a whole number from 0 to 4294967295; got "1.5".'],
    [["--seed", "4294967296"], "Expected --seed to be a whole number"],
    [["--fast"], "Expected [--tier pr|deep] [--only NAME,...] [--seed N] [--minutes N]; got"],
    [["--minutes", "0"], 'Expected --minutes to be a whole number from 1 to 1440; got "0".'],
  ])("refuses %j, says what is expected and ends with 2", async (args, message) => {
    expect(await prove(args, PARTS, { reports, output })).toBe(2);
    expect(errors).toContain(message);
    expect(readdirSync(reports)).toEqual([]);
  });

  test("writes a report of what was done, and ends with 0", async () => {
    expect(await prove(["--only", "good", "--seed", "5"], [fakePart("good", {})], { reports, output })).toBe(
      0,
    );
    const report = reportIn(reports);
    expect(report).toMatchObject({ tier: "pr", seed: 5, verdict: "passed" });
    expect(report.parts).toMatchObject([
      { part: "good", verdict: "passed", counts: { cases: 7 }, failures: [] },
    ]);
    expect(report.commit).not.toBe("");
    expect(said).toContain("7 cases");
  });

  test("runs the parts that it was asked for, in their own order", async () => {
    const parts = ["first", "second", "third"].map((name) => fakePart(name, {}));
    expect(await prove(["--only", "third,first"], parts, { reports, output })).toBe(0);
    expect(reportIn(reports).parts).toMatchObject([{ part: "first" }, { part: "third" }]);
  });

  test("a finding ends with 1 and says how to see it again", async () => {
    const finding = { seed: 3, message: "S1 lost", reproduce: "npm run prove -- --only bad --seed 3" };
    expect(await prove([], [fakePart("bad", { failures: [finding] })], { reports, output })).toBe(1);
    expect(said).toContain("S1 lost\n  npm run prove -- --only bad --seed 3");
    expect(reportIn(reports).verdict).toBe("failed");
  });

  test("a part that breaks has failed; the others go on, and the report is written", async () => {
    const broken = { ...fakePart("broken", {}), run: () => Promise.reject(new Error("no such folder")) };
    expect(await prove([], [broken, fakePart("good", {})], { reports, output })).toBe(1);
    expect(reportIn(reports).parts).toMatchObject([{ verdict: "failed" }, { verdict: "passed" }]);
    expect(said).toContain("broken: the part itself broke: Error: no such folder");
  });

  test("a part that has used up its share of the tier stops, and the report says so", async () => {
    const part: Part = {
      ...fakePart("slow", {}),
      minutes: { pr: 0, deep: 0 },
      async run({ isOver }) {
        while (isOver?.() !== true) await new Promise(setImmediate);
        return { counts: { cases: 3 }, failures: [] };
      },
    };
    expect(await prove([], [part, fakePart("good", {})], { reports, output })).toBe(0);
    expect(reportIn(reports).parts).toMatchObject([{ verdict: "passed", timeWasOver: true }, {}]);
    expect(said).toContain("its time was over");
  });

  test("a part that cannot run here is in the report, and the run is incomplete: 3", async () => {
    const parts = [
      fakePart("good", {}),
      fakePart("syscalls", {}, "strace is missing: apt-get install strace"),
    ];
    expect(await prove([], parts, { reports, output })).toBe(3);
    expect(said).toContain("strace is missing: apt-get install strace");
    expect(reportIn(reports)).toMatchObject({ verdict: "incomplete", parts: [{}, { verdict: "skipped" }] });
  });
});
