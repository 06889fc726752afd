import { describe, expect, it } from "vitest";
import { chooseAgent } from "../../src/agents/choose.ts";
import { compilePattern } from "../../src/policy/pattern.ts";
import { aRequest } from "./requests.ts";

describe("compilePattern", () => {
  it.each([
    ["*", "agent:main:main", true],
    ["*", "", true],
    ["agent:main:main", "agent:main:main", true],
    ["agent:main:main", "agent:main:main2", false],
    ["agent:main:main", "Agent:main:main", false],
    ["agent:main:*", "agent:main:", true],
    ["agent:main:*", "agent:main", false],
    ["agent:main:*", "agent:main:discord:channel:42", true],
    ["agent:*:main", "agent:a:b:main", true],
    ["agent:*:main", "agent:main", false],
    ["*:42", "agent:main:42", true],
    ["*:42", "agent:main:421", false],
    ["a*a", "a", false],
    ["a*a", "aa", true],
    ["a*b*c", "a-b-b-c", true],
    ["a*b*c", "acb", false],
    ["a*bc*c", "abc", false],
    ["*ab*ab*", "aab", false],
    ["*ab*ab*", "abab", true],
    ["**", "anything", true],
    ["", "x", false],
    ["agent.main", "agentXmain", false],
    ["[ab]?", "a1", false],
    ["(a+)+$", "(a+)+$", true],
    ["caf\u00e9", "cafe\u0301", false],
  ])("%j on %j: %s", (pattern, key, matches) => {
    expect(compilePattern(pattern)(key)).toBe(matches);
  });

  it("agrees with the plainest possible definition on all short patterns and keys", () => {
    const words = (letters: string, lengthMax: number): string[] =>
      lengthMax === 0
        ? [""]
        : ["", ...words(letters, lengthMax - 1).flatMap((w) => letters.split("").map((l) => l + w))];
    const plainly = (pattern: string, key: string): boolean => {
      if (pattern === "") return key === "";
      if (pattern[0] !== "*")
        return pattern[0] === key[0] && key !== "" && plainly(pattern.slice(1), key.slice(1));
      return plainly(pattern.slice(1), key) || (key !== "" && plainly(pattern, key.slice(1)));
    };
    let compared = 0;
    const wrong: string[] = [];
    for (const pattern of new Set(words("ab*", 5))) {
      const matches = compilePattern(pattern);
      for (const key of new Set(words("ab", 5))) {
        compared += 1;
        if (matches(key) !== plainly(pattern, key)) wrong.push(`${pattern} on ${key}`);
      }
    }
    expect(wrong).toEqual([]);
    expect(compared).toBe(364 * 63);
  });

  it("never goes back: a pattern of many stars takes no time", () => {
    const matches = compilePattern(`${"*a".repeat(255)}*b`);
    const before = process.cpuUsage();
    for (let i = 0; i < 100; i++) expect(matches("a".repeat(512))).toBe(false);
    expect(process.cpuUsage(before).user / 1_000).toBeLessThan(1_000);
  });
});

describe("chooseAgent", () => {
  const named = (reply: string) => () => ({ status: "ran", reply }) as const;

  it("asks the first whose pattern matches", async () => {
    const run = chooseAgent([
      { match: "agent:main:discord:*", run: named("discord") },
      { match: "agent:main:*", run: named("main") },
      { match: "*", run: named("rest") },
    ]);
    const replies = ["agent:main:discord:channel:42", "agent:main:main", "agent:work:main"].map(
      async (sessionKey) => run(aRequest({ sessionKey })),
    );
    expect(await Promise.all(replies)).toEqual(
      ["discord", "main", "rest"].map((reply) => ({ status: "ran", reply })),
    );
  });

  it("fails, retryably, with what to do when none matches", async () => {
    const run = chooseAgent([{ match: "agent:work:*", run: named("work") }]);
    expect(await run(aRequest())).toEqual({
      status: "failed",
      reason:
        'LUBDUB_CONFIG_INVALID: Expected an agent whose `match` fits the session key "agent:main:discord:channel:42"; ' +
        'got only "agent:work:*". Add one to `agents`, e.g. { "match": "*", "console": {} }, restart, and requeue what became a dead letter.',
    });
  });
});
