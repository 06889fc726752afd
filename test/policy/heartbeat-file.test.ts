import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  dueTasks,
  markOf,
  parseHeartbeatFile,
  parseInterval,
  type HeartbeatTask,
} from "../../src/policy/heartbeat-file.ts";

const FILE = `# Every morning
Look at the build.

tasks:
- name: inbox
  interval: 30m
  prompt: "Look for urgent mail."

- name: 'plants'
  interval: 2d
  prompt: Water the plants: all of them
Be brief.
`;

describe("parseHeartbeatFile", () => {
  test("instructions without the tasks, and the tasks", () => {
    expect(parseHeartbeatFile(FILE)).toEqual({
      instructions: "# Every morning\nLook at the build.\n\nBe brief.",
      tasks: [
        { name: "inbox", prompt: "Look for urgent mail.", everyMs: 1_800_000 },
        { name: "plants", prompt: "Water the plants: all of them", everyMs: 172_800_000 },
      ],
      problems: [],
    });
    expect(parseHeartbeatFile(`\uFEFF${FILE.replaceAll("\n", "\r\n")}`)).toEqual(parseHeartbeatFile(FILE));
  });

  test.each([
    "",
    "\n\n",
    "# Heartbeat\n\n## Later",
    "- \n* [ ]\n+ [x]\n-",
    "```\n```",
    "~~~md\n#\n~~~",
    "tasks:\n",
  ])("problem 36: %j says nothing", (text) => {
    expect(parseHeartbeatFile(text)).toEqual({ instructions: null, tasks: [], problems: [] });
  });

  test.each(["#hashtag is no heading", "- look", "- [ ] look", "look"])("%j says something", (text) => {
    expect(parseHeartbeatFile(text).instructions).toBe(text);
  });

  test.each([
    ["- name: a\n  interval: soon\n  prompt: b", /`interval` like 30m/],
    ["- name: a\n  interval: 0m\n  prompt: b", /`interval` like 30m/],
    ["- name: a\n  prompt: b", /`interval`/],
    ["- name: a\n  interval: 1h", /`prompt`/],
    ["- interval: 1h\n  prompt: b", /`name`/],
    ["- name: a\n  interval: 1h\n  prompt: b\n- name: a\n  interval: 1h\n  prompt: b", /name of its own/],
    ["- name: a\n  name: b\n  interval: 1h\n  prompt: b", /once each/],
    ["  interval: 1h", /expected "- name/],
    ["- something else", /expected "- name/],
  ])("a block %j is a problem, and stays where the agent sees it", (block, problem) => {
    const read = parseHeartbeatFile(`tasks:\n${block}\n`);
    expect(read.problems[0]).toMatch(problem);
    expect(read.tasks).toEqual([]);
    expect(read.instructions).toContain(block.split("\n")[0]?.trim());
  });

  test("any text is read without throwing, and an empty file is one whose every line says nothing", () => {
    const line = fc.constantFrom(
      "tasks:",
      "- name: a",
      "  interval: 1h",
      "  prompt: b",
      "# x",
      "- [ ]",
      "",
      "word",
      "```",
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string({ unit: "binary" }),
          fc.array(line).map((lines) => lines.join("\n")),
        ),
        (text) => {
          const { instructions, tasks, problems } = parseHeartbeatFile(text);
          expect(tasks.length === 0 || problems.length === 0).toBe(true);
          const again = instructions === null ? "" : parseHeartbeatFile(instructions).instructions;
          expect(again).not.toBeNull();
          for (const { name, prompt, everyMs } of tasks)
            expect([name !== "", prompt !== "", everyMs > 0]).toEqual([true, true, true]);
        },
      ),
    );
  });

  test("what is written is what is read", () => {
    const word = fc.stringMatching(/^[a-z]([a-z :.]{0,20}[a-z.])?$/);
    const task = fc.record({ name: word, prompt: word, minutes: fc.integer({ min: 1, max: 9_999 }) });
    const tasks = fc.uniqueArray(task, { selector: ({ name }) => name, minLength: 1, maxLength: 50 });
    fc.assert(
      fc.property(tasks, (written) => {
        const items = written.map(
          ({ name, prompt, minutes }) => `- name: ${name}\n  interval: ${minutes}m\n  prompt: ${prompt}`,
        );
        expect(parseHeartbeatFile(`tasks:\n${items.join("\n")}\n`)).toEqual({
          instructions: null,
          problems: [],
          tasks: written.map(({ name, prompt, minutes }) => ({ name, prompt, everyMs: minutes * 60_000 })),
        });
      }),
    );
  });
});

describe("parseInterval", () => {
  test.each([
    ["90s", 90_000],
    ["30m", 1_800_000],
    ["1h30m", 5_400_000],
    ["2d", 172_800_000],
  ])("%s is %d ms", (text, ms) => {
    expect(parseInterval(text)).toBe(ms);
  });
  test.each(["", "0s", "-5m", "5", "m", "1.5h", "5 m", "9999999d", "3651d"])("%j is none", (text) => {
    expect(parseInterval(text)).toBeUndefined();
  });
});

describe("dueTasks", () => {
  const task: HeartbeatTask = { name: "inbox", prompt: "Look.", everyMs: 1_000 };
  test("a task is due when it never ran, and again when its interval is over: never twice in an interval", () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 3_000 }), { maxLength: 30 }), (steps) => {
        let nowMs = 0;
        let lastMs = -Infinity;
        let marks: Record<string, number> = {};
        for (const step of steps) {
          nowMs += step;
          const isDue = dueTasks([task], marks, nowMs).length === 1;
          expect(isDue).toBe(nowMs - lastMs >= task.everyMs);
          if (isDue) marks = { [markOf(task)]: (lastMs = nowMs) };
        }
      }),
    );
    expect(dueTasks([task], {}, 0)).toEqual([{ name: "inbox", prompt: "Look." }]);
    expect(dueTasks([{ ...task, name: "constructor" }], {}, 0)).toHaveLength(1);
  });
});
