import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { Heartbeat } from "../../src/api.ts";
import { connect } from "../../src/client/index.ts";
import { createHeartbeat, sqliteStore } from "../../src/index.ts";
import { TOKEN } from "../http/fixture.ts";
import { sendRaw, serve } from "../http/served.ts";
import { until, workplace } from "../cli/support.ts";

/** Keys that somebody, or something on the way, may take for one another. */
const LOOK_ALIKES: readonly (readonly [string, string, string])[] = [
  ["case", "agent:main:42", "Agent:main:42"],
  ["composed and decomposed", "caf\u00e9", "cafe\u0301"],
  ["a prefix", "agent:main:42", "agent:main:4"],
  ["nothing but a longer end", "agent:main", "agent:main:"],
  ["a trailing dot", "agent:main:42", "agent:main:42."],
  ["a trailing space", "agent:main:42", "agent:main:42 "],
  ["a leading space", "agent:main:42", " agent:main:42"],
  ["a no-break space", "a b", "a\u00a0b"],
  ["a plus for a space", "a b", "a+b"],
  ["a zero-width space", "agent:main", "agent:\u200bmain"],
  ["a byte order mark", "agent", "\ufeffagent"],
  ["a soft hyphen", "agent", "a\u00adgent"],
  ["a mark of direction", "agent", "agent\u200e"],
  ["a Cyrillic letter", "agent", "\u0430gent"],
  ["the Kelvin sign", "K", "\u212a"],
  ["sharp s", "stra\u00dfe", "strasse"],
  ["a dotless i", "main", "ma\u0131n"],
  ["a ligature", "fi", "\ufb01"],
  ["wide characters", "42", "\uff14\uff12"],
  ["a wide colon", "a:b", "a\uff1ab"],
  ["a slash, and its escape", "a/b", "a%2fb"],
  ["an escape, and its escape", "a%2fb", "a%252fb"],
  ["a slash and a backslash", "a/b", "a\\b"],
  ["a trailing slash", "a", "a/"],
  ["a path that climbs", "b", "a/../b"],
  ["a path to here", "a", "./a"],
  ["a query", "a", "a?b"],
  ["a fragment", "a", "a#b"],
  ["a parameter", "a", "a;b"],
  ["an escaped NUL", "a", "a%00"],
  ["a leading zero", "42", "042"],
  ["a number in another form", "1000", "1e3"],
  ["names that objects have", "constructor", "toString"],
  ["the name of the prototype", "__proto__", "prototype"],
  ["wildcards", "agent:main", "agent:*"],
  ["wildcards of SQL", "agent_main", "agent%main"],
  ["quotes of SQL", "agent", "agent' OR '1'='1"],
  ["the variant of an emoji", "\u2764", "\u2764\ufe0f"],
  ["an option", "json", "--json"],
];

const texts = async (heartbeat: Heartbeat, key: string): Promise<string[]> =>
  (await heartbeat.peekSystemEvents(key)).map(({ text }) => text);

/** What is done to one is not done to the other. */
async function staysApart(heartbeat: Heartbeat, [one, other]: readonly [string, string]): Promise<void> {
  await heartbeat.enqueueSystemEvent("of one", { sessionKey: one });
  expect(await texts(heartbeat, other)).toEqual([]);
  expect(await heartbeat.why(other)).toMatchObject({ sessionKey: other, queued: 0 });
  expect(await heartbeat.drainSystemEvents(other)).toEqual([]);
  await heartbeat.enqueueSystemEvent("of the other", { sessionKey: other });
  await heartbeat.forget(other);
  expect(await texts(heartbeat, one)).toEqual(["of one"]);
  const lease = await heartbeat.acquireTurn(other);
  expect(await heartbeat.isBusy(one)).toBe(false);
  lease.release();
  expect((await heartbeat.sessions()).map(({ sessionKey }) => sessionKey)).toContain(one);
  expect((await heartbeat.read({ sessionKey: one })).map(({ sessionKey }) => sessionKey)).toEqual([one]);
  await heartbeat.forget(one);
}

describe("in the library, over SQLite", () => {
  test.each(LOOK_ALIKES)("%s: %j and %j never cross", async (_what, one, other) => {
    const folder = mkdtempSync(join(tmpdir(), "lubdub-keys-"));
    const shown: string[] = [];
    await using heartbeat = createHeartbeat({
      store: sqliteStore({ folder }),
      coalesceMs: 0,
      run: ({ sessionKey, events }) => {
        shown.push(...events.map((event) => `${sessionKey} ${event.sessionKey} ${event.text}`));
        return { status: "ran" };
      },
    });
    await staysApart(heartbeat, [one, other]);
    await Promise.all([one, other].map((sessionKey) => heartbeat.wake(sessionKey, { sessionKey })));
    await until(
      () => shown.length === 2,
      () => "both run",
    );
    const said = (key: string): string => `${key} ${key} ${key.trim()}`;
    expect(shown.toSorted()).toEqual([one, other].map(said).toSorted());
    rmSync(folder, { recursive: true });
  });
});

describe("over HTTP", () => {
  test.each(LOOK_ALIKES)("%s: %j and %j never cross", async (_what, one, other) => {
    await using it = await serve();
    await using client = connect({ url: it.server.url, token: TOKEN });
    await staysApart(client, [one, other]);
    expect(await client.peekSystemEvents(one)).toEqual([]);
  });

  const RAW: readonly (readonly [string, string, RegExp])[] = [
    ["a dot for a key", "/v1/sessions/./why", /^HTTP\/1\.1 400 /],
    ["an escaped dot for a key", "/v1/sessions/%2e/why", /^HTTP\/1\.1 400 /],
    ["two dots for a key", "/v1/sessions/../why", /^HTTP\/1\.1 400 /],
    ["two escaped dots for a key", "/v1/sessions/%2E%2e/why", /^HTTP\/1\.1 400 /],
    ["one session, and back to another", "/v1/sessions/x/../y/why", /^HTTP\/1\.1 400 /],
    ["the same over escapes", "/v1/sessions/x/%2e%2e/y/why", /^HTTP\/1\.1 400 /],
    ["a fragment after the key", "/v1/sessions/y#/why", /^HTTP\/1\.1 400 /],
    ["a backslash in the key", "/v1/sessions/x\\y/why", /^HTTP\/1\.1 400 /],
    ["no key", "/v1/sessions//why", /^HTTP\/1\.1 404 /],
    ["a second slash in front", "//v1/sessions/y/why", /^HTTP\/1\.1 404 /],
    ["an escaped slash within the key", "/v1/sessions/x%2f..%2fy/why", /"sessionKey":"x\/\.\.\/y"/],
    ["a key that is escaped although it need not be", "/v1/sessions/%79/why", /"sessionKey":"y"/],
    ["a dot within a query", "/v1/sessions/y/why?x=/../z", /^HTTP\/1\.1 400 [^]*INPUT_INVALID/],
    ["dots that are more than two", "/v1/sessions/.../why", /"sessionKey":"\.\.\."/],
  ];
  test.each(RAW)("on the line itself, %s: no other session answers", async (_what, target, expected) => {
    await using it = await serve();
    const { port } = it.server;
    const head = [`GET ${target} HTTP/1.1`, `Host: 127.0.0.1:${port}`, `Authorization: Bearer ${TOKEN}`];
    expect(await sendRaw(port, [...head, "Connection: close", "", ""].join("\r\n"))).toMatch(expected);
  });

  test("dedupe keys that only differ in what UTF-8 cannot hold are refused, and no event is lost", async () => {
    await using it = await serve();
    for (const dedupeKey of ["\ud800", "\udc00", "a\ud801"]) {
      const lost = it.heartbeat.wake("lost?", { sessionKey: "s", dedupeKey });
      await expect(lost).rejects.toMatchObject({ code: "LUBDUB_INPUT_INVALID" });
    }
  });
});

test("from the command line to the command of the agent", async () => {
  const place = workplace();
  place.agent("");
  await place.up();
  const keys = ["agent:main:42", "Agent:main:42", "agent:main:42. ", "cafe\u0301", "caf\u00e9"];
  for (const key of keys) {
    const woken = await place.run("wake", "--session", key, "--text", `for ${key}`, "--wait", "settled");
    expect(woken.code).toBe(0);
  }
  expect(place.calls().map(({ key }) => key)).toEqual(keys);
  for (const { key, prompt } of place.calls()) expect(prompt).toContain(`of session ${JSON.stringify(key)}:`);
});
