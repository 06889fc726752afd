import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { judge, shownAck, type Reply, type ReplyPolicy, type Verdict } from "../../src/policy/replies.ts";

const verdict = (text: string, policy?: ReplyPolicy): Verdict => judge({ text }, policy);
const said = (text: string, policy?: ReplyPolicy): string | null => {
  const given = verdict(text, policy);
  return given.kind === "alert" ? given.text : null;
};
const why = (reply: Reply, policy?: ReplyPolicy): string | null => {
  const given = judge(reply, policy);
  return given.kind === "silent" ? given.why : null;
};

describe("an acknowledgement is not sent", () => {
  test.each([
    "HEARTBEAT_OK",
    "  HEARTBEAT_OK\n",
    "heartbeat_ok",
    "HEARTBEAT_OK HEARTBEAT_OK",
    "HEARTBEAT_OK.",
    "HEARTBEAT_OK!!!!",
    "HEARTBEAT_OK 🎉",
    "**HEARTBEAT_OK**",
    "__HEARTBEAT_OK__",
    "`HEARTBEAT_OK`",
    "```\nHEARTBEAT_OK\n```",
    "> HEARTBEAT_OK",
    "# HEARTBEAT_OK",
    "<b>HEARTBEAT_OK</b>",
    '<p class="ok"><em>HEARTBEAT_OK</em></p>',
    "&nbsp;HEARTBEAT_OK&nbsp;",
    '"HEARTBEAT_OK"',
    "HEARTBEAT_OK - nothing to report",
    "All is quiet. HEARTBEAT_OK",
    "HEARTBEAT_OK\n\nAll is quiet.\n\nHEARTBEAT_OK",
    `${"x".repeat(300)} HEARTBEAT_OK`,
  ])("%j", (text) => {
    expect(why({ text })).toBe("ok-token");
  });

  test.each([
    ["", "ok-empty"],
    [" \n\t\u200b\ufeff", "ok-empty"],
    ["NO_REPLY", "no-reply"],
    ["**no_reply**.", "no-reply"],
    ['{ "notify": false }', "notify-false"],
    [' {"notify":false,"text":"all is well"}\n', "notify-false"],
  ])("%j: %s", (text, reason) => {
    expect(why({ text })).toBe(reason);
  });

  test("as data, whatever the text says", () => {
    expect(why({ text: "Disk full", notify: false })).toBe("notify-false");
    expect(why({})).toBe("ok-empty");
  });
});

describe("everything else is sent", () => {
  test.each([
    ["HEARTBEAT_OKAY", "HEARTBEAT_OKAY"],
    ["MY_HEARTBEAT_OK_FLAG is set", "MY_HEARTBEAT_OK_FLAG is set"],
    ["It said HEARTBEAT_OK in the middle of it", "It said HEARTBEAT_OK in the middle of it"],
    [`HEARTBEAT_OK: ${"x".repeat(301)}`, "x".repeat(301)],
    [`${"x".repeat(301)} **HEARTBEAT_OK**`, "x".repeat(301)],
    [`<b>HEARTBEAT_OK</b> ${"x".repeat(301)}`, "x".repeat(301)],
    ["Disk full. NO_REPLY", "Disk full."],
    ['{ "notify": true, "text": "Disk full" }', "Disk full"],
    ['{ "disk": "full" }', '{ "disk": "full" }'],
    ['{ "notify": "false" }', '{ "notify": "false" }'],
    ["{ no JSON at all }", "{ no JSON at all }"],
  ])("%j", (text, sent) => {
    expect(said(text)).toBe(sent);
  });

  test("how much may stand beside the token is a setting", () => {
    expect(said("Disk full HEARTBEAT_OK", { ackMaxChars: 0 })).toBe("Disk full");
    expect(said("HEARTBEAT_OK", { ackMaxChars: 0 })).toBeNull();
  });
});

describe("#15575 #18602 a prefix before an acknowledgement", () => {
  const policy = { responsePrefix: "[helper]" };

  test("GIVEN a prefix, WHEN the agent acknowledges with it, THEN nothing is sent", () => {
    expect(why({ text: "[helper] HEARTBEAT_OK" }, policy)).toBe("ok-token");
    expect(why({ text: "[HELPER] HEARTBEAT_OK" }, policy)).toBe("ok-token");
    expect(why({ text: "[helper] [helper]" }, policy)).toBe("ok-empty");
  });
  test("GIVEN a prefix, WHEN there is something to say, THEN it is sent with the prefix once", () => {
    expect(said("Disk full", policy)).toBe("[helper] Disk full");
    expect(said("[helper] Disk full", policy)).toBe("[helper] Disk full");
    expect(said("[helper] [helper] Disk full", policy)).toBe("[helper] Disk full");
    expect(said(`[helper] HEARTBEAT_OK ${"x".repeat(301)}`, policy)).toBe(`[helper] ${"x".repeat(301)}`);
  });
  test("GIVEN a short prefix, THEN it does not eat the beginning of a word", () => {
    expect(said("History repeats itself", { responsePrefix: "Hi" })).toBe("Hi History repeats itself");
    expect(said("Hi, there", { responsePrefix: "Hi" })).toBe("Hi, there");
    expect(why({ text: "HiHEARTBEAT_OK" }, { responsePrefix: "Hi" })).toBeNull();
  });
  test("what is shown where acknowledgements are wanted has it too", () => {
    expect(shownAck(policy)).toBe("[helper] HEARTBEAT_OK");
  });
});

describe("#21014 media is never dropped", () => {
  const media = ["https://example.com/chart.png"];
  test.each<[Reply, string]>([
    [{ text: "HEARTBEAT_OK", media }, ""],
    [{ text: "HEARTBEAT_OK. The chart of today.", media }, "The chart of today."],
    [{ media }, ""],
    [{ text: "NO_REPLY", media }, ""],
    [{ notify: false, media }, ""],
    [{ text: JSON.stringify({ notify: false, media }) }, ""],
    [{ text: JSON.stringify({ notify: true, text: "Look", media }) }, "Look"],
  ])("%j", (reply, text) => {
    expect(judge(reply)).toEqual({ kind: "alert", text, media });
  });
});

describe("problem 31 for any text", () => {
  const mark = fc.constantFrom("", "*", "**", "_", "`", "<b>", "</b>", "<br/>", " ", "\n", '"', ">");
  const wrapped = fc
    .tuple(fc.array(mark, { maxLength: 6 }), fc.integer({ min: 1, max: 4 }), fc.array(mark, { maxLength: 6 }))
    .map(([before, times, after]) => before.join("") + "HEARTBEAT_OK ".repeat(times).trim() + after.join(""));

  test("a bare token in any markup is an acknowledgement, with any prefix", () => {
    const prefix = fc.constantFrom("", "[helper]", "Hi", "🤖", "Bot:");
    fc.assert(
      fc.property(wrapped, prefix, (text, responsePrefix) => {
        expect(why({ text: `${responsePrefix} ${text}` }, { responsePrefix })).toBe("ok-token");
      }),
    );
  });
  test("no word of a text without tokens is lost", () => {
    const words = fc.array(fc.stringMatching(/^[a-z]{1,8}$/), { minLength: 1, maxLength: 60 });
    fc.assert(
      fc.property(words, (list) => {
        const text = list.join(" ");
        expect(said(text)).toBe(text);
        expect(said(text, { responsePrefix: "[x]" })).toBe(`[x] ${text}`);
      }),
    );
  });
  test("what is sent neither begins nor ends with a token, and has the prefix once", () => {
    const piece = fc.constantFrom(
      "HEARTBEAT_OK",
      "NO_REPLY",
      "[x]",
      "disk full",
      "x".repeat(320),
      "**",
      "\n",
      ".",
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 8 }), (pieces) => {
        const text = said(pieces.join(" "), { responsePrefix: "[x]" });
        if (text === null) return;
        expect(text.startsWith("[x] ") && !text.startsWith("[x] [x]")).toBe(true);
        expect(text).not.toMatch(/^\[x\] (HEARTBEAT_OK|NO_REPLY)|(HEARTBEAT_OK|NO_REPLY)$/);
      }),
    );
  });
  test("judging its own words again changes nothing", () => {
    fc.assert(
      fc.property(
        fc.string({ unit: "grapheme", maxLength: 80 }),
        fc.constantFrom("", "Hi", "[x]"),
        (text, responsePrefix) => {
          const once = said(text, { responsePrefix });
          expect(once === null || once === "" || said(once, { responsePrefix }) === once).toBe(true);
        },
      ),
    );
  });
  test("long runs of blanks cost no time to speak of", () => {
    const before = process.cpuUsage();
    said(`x${" ".repeat(60_000)}x ${"*".repeat(60_000)}`);
    said(`${"HEARTBEAT_OK ".repeat(5_000)}`);
    expect(process.cpuUsage(before).user / 1_000).toBeLessThan(2_000);
  });
});
