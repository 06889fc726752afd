import fc from "fast-check";

/** What breaks programs: endings, escapes, separators, names that objects have, numbers at their edges. */
const FRAGMENTS = [
  "", " ", ".", "..", "/", "\\", "%", "%2e", "%2f", "%00", "%ff", "%c0%ae", "%ed%a0%80", "?", "#", ";", "&", "=", "+", "*", ":",
  "\0", "\n", "\r\n", "\t", "\u001b[2J", "\u009b31m", "\u0085", "\u2028", "\u202e", "\u200b", "\ufeff", "\ud800", "\udc00", "\u{e0041}",
  "caf\u00e9", "cafe\u0301", "__proto__", "constructor", "toString", "-1", "0", "1e400", "NaN", "9007199254740993", "--json", "--", "-d",
  "agent:main:42", "e-1-aaaaaaaa", "w-zz-bbbbbbbb", "' OR 1=1 --", "{{", "${x}", "<script>",
]; // prettier-ignore

/** Words of all kinds, most of them wrong. */
export const word: fc.Arbitrary<string> = fc
  .array(fc.oneof(fc.constantFrom(...FRAGMENTS), fc.string({ unit: "binary", maxLength: 8 })), {
    maxLength: 5,
  })
  .map((pieces) => pieces.join(""));

/** A word, or something very long. */
export const longWord: fc.Arbitrary<string> = fc.oneof(
  { weight: 20, arbitrary: word },
  { weight: 1, arbitrary: fc.integer({ min: 500, max: 70_000 }).map((length) => "x".repeat(length)) },
);

/** Any JSON, with names and texts from above, and nesting that may be deep. */
export const json: fc.Arbitrary<unknown> = fc.oneof(
  fc.jsonValue({ maxDepth: 3 }),
  fc.dictionary(word, fc.oneof(word, fc.double(), fc.boolean(), fc.constant(null)), { maxKeys: 4 }),
  fc
    .integer({ min: 1, max: 200 })
    .map((depth) => JSON.parse(`${"[".repeat(depth)}${"]".repeat(depth)}`) as unknown),
);

/** An object with these fields, each of them sound, wrong or missing, and now and then one more. */
export function almost(fields: Readonly<Record<string, fc.Arbitrary<unknown>>>): fc.Arbitrary<object> {
  const draft = Object.entries(fields).map(([name, sound]) =>
    fc
      .oneof(
        { weight: 6, arbitrary: sound.map((value) => [name, value] as const) },
        { weight: 1, arbitrary: json.map((value) => [name, value] as const) },
        { weight: 2, arbitrary: fc.constant(null) },
      )
      .map((pair) => (pair === null ? [] : [pair])),
  );
  const more = fc.oneof({ weight: 9, arbitrary: fc.constant([]) }, fc.tuple(fc.tuple(word, json)));
  return fc.tuple(...draft, more).map((parts) => Object.fromEntries(parts.flat() as [string, unknown][]));
}

/** The body of an event. */
export const event = almost({
  text: fc.oneof(fc.constant("hello"), longWord),
  sessionKey: fc.oneof(fc.constant("agent:main:42"), longWord),
  source: word,
  intent: fc.constantFrom("event", "manual", "immediate", "task", "scheduled"),
  reason: longWord,
  coalesceMs: fc.oneof(fc.integer(), fc.double()),
  data: json,
  dedupeKey: longWord,
  contextKey: word,
  route: fc.dictionary(word, word, { maxKeys: 3 }),
  trust: fc.constantFrom("trusted", "untrusted"),
  wake: fc.boolean(),
});

/** A text of JSON, or almost. */
export const jsonText: fc.Arbitrary<string> = fc.oneof(
  { weight: 8, arbitrary: event.map((value) => JSON.stringify(value)) },
  { weight: 2, arbitrary: json.map((value) => JSON.stringify(value) ?? "") },
  { weight: 1, arbitrary: longWord },
  {
    weight: 1,
    arbitrary: fc.tuple(event, fc.nat(200)).map(([value, at]) => JSON.stringify(value).slice(0, at)),
  },
);

const segment = fc.oneof(
  word.map((text) => encodeURIComponent(text.toWellFormed())),
  word.map((text) => text.replace(/[^!-~]/g, "")),
);
const PATHS = [
  "/v1/events", "/v1/sessions", "/v1/sessions/*", "/v1/sessions/*/why", "/v1/sessions/*/events", "/v1/sessions/*/drain",
  "/v1/sessions/*/wake", "/v1/sessions/*/forget", "/v1/sessions/*/turns", "/v1/sessions/*/turns/*", "/v1/wakes/*", "/v1/dead",
  "/v1/dead/*/requeue", "/v1/dead/*/dismiss", "/v1/log", "/v1/state", "/v1/status", "/v1/backup", "/metrics", "/healthz",
  "/readyz", "/openapi.json", "/*", "/v1/*/*", "*", "/v1/steps", "/v1/what-if",
]; // prettier-ignore
const NAMES = ["after", "limit", "from", "at", "wait", "waitMs", "sessionKey", "x"];
const query = fc
  .array(fc.tuple(fc.constantFrom(...NAMES), segment), { maxLength: 3 })
  .map((pairs) =>
    pairs.length === 0 ? "" : `?${pairs.map(([name, value]) => `${name}=${value}`).join("&")}`,
  );

/** A request's target: a route of ours with anything in the place of its parameters. */
export const target: fc.Arbitrary<string> = fc
  .tuple(fc.constantFrom(...PATHS), fc.array(segment, { minLength: 2, maxLength: 2 }), query)
  .map(([path, parts, rest]) => {
    let at = 0;
    return `${path.replaceAll("*", () => parts[at++] ?? "")}${rest.replaceAll("wait=settled", "wait=s")}`;
  });

export const method = fc.constantFrom("GET", "POST", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH");
