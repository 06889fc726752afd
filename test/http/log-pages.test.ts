import { expect, test } from "vitest";
import { connect } from "../../src/client/index.ts";
import type { LogRecord } from "../../src/core/records.ts";
import { LOG_ANSWER_BYTES_MAX } from "../../src/http/limits.ts";
import { TOKEN } from "./fixture.ts";
import { serve } from "./served.ts";

/** However much is asked for, one answer of the log stays small, and says where to go on. */

const KEY = "agent:main:main";
const OTHER = "agent:web:7";
const EVENTS = 60;
const HEADERS = { authorization: `Bearer ${TOKEN}` };

async function filled() {
  const served = await serve({}, { lingerMs: 86_400_000 });
  for (let index = 0; index < EVENTS; index++) {
    const data = `${index} ${"d".repeat(60_000)}`;
    await served.heartbeat.enqueueSystemEvent("x", { sessionKey: index % 2 === 0 ? KEY : OTHER, data });
  }
  return served;
}

interface Page {
  readonly records: readonly LogRecord[];
  readonly next: number;
  readonly cut: boolean;
}

test.each(["", `&sessionKey=${KEY}`])("pages that are cut add up to the whole log%s", async (filter) => {
  await using served = await filled();
  const pages: Page[] = [];
  const positions: number[] = [];
  for (let from = 1; pages.at(-1)?.cut !== false; from = pages.at(-1)?.next ?? 0) {
    const answer = await fetch(`${served.server.url}/v1/log?limit=10000&from=${from}${filter}`, {
      headers: HEADERS,
    });
    const text = await answer.text();
    const page = JSON.parse(text) as Page;
    expect(text.length).toBeLessThan(LOG_ANSWER_BYTES_MAX + 100_000);
    expect(page.records.length).toBeGreaterThan(0);
    pages.push(page);
    positions.push(...page.records.map(({ position }) => position));
  }
  expect(pages.length).toBeGreaterThan(1);
  const all = Array.from({ length: EVENTS }, (_, index) => index + 1);
  expect(positions).toEqual(filter === "" ? all : all.filter((position) => position % 2 === 1));
});

test.each(["", `&sessionKey=${KEY}`])(
  "going back, an answer holds the last that fit, and its first says where to go on%s",
  async (filter) => {
    await using served = await filled();
    const positions: number[] = [];
    for (let before = EVENTS + 1, cut = true; cut; before = positions[0] ?? 0) {
      const path = `/v1/log?limit=10000&before=${before}${filter}`;
      const page = (await (await fetch(served.server.url + path, { headers: HEADERS })).json()) as Page;
      positions.unshift(...page.records.map(({ position }) => position));
      cut = page.cut;
    }
    const all = Array.from({ length: EVENTS }, (_, index) => index + 1);
    expect(positions).toEqual(filter === "" ? all : all.filter((position) => position % 2 === 1));
  },
);

test("the client goes on by itself: what it reads is what was asked for", async () => {
  await using served = await filled();
  await using client = connect({ url: served.server.url, token: TOKEN });
  expect((await client.read()).map(({ position }) => position)).toHaveLength(EVENTS);
  expect((await client.read({ after: 3, limit: 40 })).map(({ position }) => position)).toEqual(
    Array.from({ length: 40 }, (_, index) => index + 4),
  );
  expect((await client.read({ before: 51, limit: 40 })).map(({ position }) => position)).toEqual(
    Array.from({ length: 40 }, (_, index) => index + 11),
  );
});
