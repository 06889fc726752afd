import { beforeAll, describe, expect, test } from "vitest";
import type { LogRecord } from "../../src/core/records.ts";
import { historyDiagram } from "../../src/diagram/index.ts";
import { historyOf } from "../../src/diagram/history.ts";
import type { Outcome } from "../../src/vocabulary.ts";
import { testHeart } from "../support/world.ts";
import { checkXml } from "./xml.ts";

const KEY = "agent:main:discord:channel:42";
const HOSTILE = `</text><script>alert(1)</script> & "one"; #two \u202e \u0000`;
const BUSY: Outcome = { status: "skipped", reason: "requests-in-flight" };
const words = ({ type, body }: LogRecord) => (type === "event.queued" ? `${type} ${body?.text ?? ""}` : type);
const options = { words, clock: (atMs: number) => String(atMs), max: 100 };
let records: readonly LogRecord[];

beforeAll(async () => {
  const answers: readonly Outcome[] = [BUSY, BUSY, { status: "ran" }];
  let asked = 0;
  const heart = testHeart({ run: () => answers[asked++] ?? BUSY });
  const { heartbeat, clock, soon } = heart;
  await soon(heartbeat.wake(HOSTILE.replaceAll("\u0000", ""), { sessionKey: KEY }));
  await soon(heartbeat.wake("another session's", { sessionKey: "other", coalesceMs: 3_600_000 }));
  while (asked < 3) await clock.next();
  records = await heartbeat.read({ sessionKey: KEY });
  await soon(heartbeat.close());
});

describe("the history of a session", () => {
  test("tells of busy, retry, run and ack, with the state after each", () => {
    const story = historyOf(KEY, records, options);
    expect(story.map(({ from, to, state, queued }) => `${from} > ${to}: ${state}, ${queued}`)).toEqual([
      "outside > session: pending, 1",
      "heartbeat > agent: running, 1",
      "agent > heartbeat: retrying, 1",
      "heartbeat > agent: running, 1",
      "agent > heartbeat: retrying, 1",
      "heartbeat > agent: running, 1",
      "agent > session: idle, 0",
    ]);
    expect(story.map(({ position }) => position)).toEqual(records.map(({ position }) => position));
  });

  test("shows the last records, in the states that they are in", () => {
    expect(historyOf(KEY, records, { ...options, max: 2 })).toEqual(
      historyOf(KEY, records, options).slice(-2),
    );
  });

  test("as an SVG: the key, the states and the words, hostile ones as text", () => {
    const svg = historyDiagram(KEY, records, { ...options, format: "svg" });
    const texts = checkXml(svg);
    expect(texts).toEqual(
      expect.arrayContaining([KEY, "pending", "running", "retrying", "idle", "1 queued"]),
    );
    expect(texts.join("\n")).toContain("</text><script>alert(1)</script>");
    expect(svg).not.toContain("<script");
  });

  test("as Mermaid: one message a record, hostile ones as text", () => {
    const lines = historyDiagram(KEY, records, { ...options, format: "mermaid" }).split("\n");
    expect(lines[0]).toBe("sequenceDiagram");
    expect(lines).toContain(`  participant session as ${KEY}`);
    expect(lines.filter((line) => line.includes(">>"))).toHaveLength(records.length);
    expect(lines.filter((line) => line === "  Note over heartbeat: retrying")).toHaveLength(2);
    expect(lines.find((line) => line.includes("event.queued"))).toContain(
      '#lt;/text#gt;#lt;script#gt;alert(1)#lt;/script#gt; & "one"#59; #35;two',
    );
  });
});

test("characters that XML cannot carry are left out", () => {
  const [first] = records;
  if (first === undefined) throw new Error("there is a record");
  const svg = historyDiagram(KEY, [first], {
    ...options,
    words: () => "a\u0000b\ud800\ufffec",
    format: "svg",
  });
  expect(checkXml(svg)).toContain("ab\ufffdc");
});
