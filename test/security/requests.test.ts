import { describe } from "vitest";
import {
  EVENT,
  forbidden,
  invalid,
  notFound,
  testAttacks,
  tooLarge,
  unsupported,
  wrongMethod,
  type Attack,
} from "./attack.ts";

const chunks = (bytes: number): ReadableStream =>
  new ReadableStream({
    pull(controller) {
      controller.enqueue(new TextEncoder().encode("x".repeat(1_024)));
      if ((bytes -= 1_024) <= 0) controller.close();
    },
  });

/** Who has the token, and sends what no sound program sends. */
const ATTACKS: readonly Attack[] = [
  { name: "a form", headers: { "content-type": "application/x-www-form-urlencoded" }, ...unsupported },
  { name: "plain text, which any page may send", headers: { "content-type": "text/plain" }, ...unsupported },
  {
    name: "JSON in the parameters of another type",
    headers: { "content-type": "text/plain; application/json" },
    ...unsupported,
  },
  {
    name: "JSON in another encoding",
    headers: { "content-type": "application/json; charset=utf-16" },
    ...unsupported,
  },
  { name: "no content type", without: ["content-type"], ...unsupported },
  { name: "a compressed body", headers: { "content-encoding": "gzip" }, ...unsupported },
  {
    name: "a huge body",
    body: `{"text":"${"x".repeat(65_536)}"}`,
    headers: { "content-length": "65600" },
    ...tooLarge,
  },
  {
    name: "a chunked body over the limit",
    body: chunks(1_000_000),
    headers: { "transfer-encoding": "chunked" },
    ...tooLarge,
  },
  { name: "a stream without a length", body: chunks(1_000_000), ...tooLarge },
  { name: "broken JSON", body: '{"text":', ...invalid },
  { name: "broken UTF-8", body: Buffer.from(EVENT.replace("hello", "h\u00ff"), "latin1"), ...invalid },
  { name: "an unknown field", body: JSON.stringify({ text: "t", sessionKey: "s", admin: true }), ...invalid },
  {
    name: "__proto__ as a field",
    body: '{"text":"t","sessionKey":"s","__proto__":{"admin":true}}',
    ...invalid,
  },
  {
    name: "__proto__ in a route",
    body: '{"text":"t","sessionKey":"s","route":{"__proto__":"x","channel":"c"}}',
    ...invalid,
  },
  {
    name: "__proto__ in the route of a schedule",
    path: "/v1/schedules",
    body: '{"scheduleId":"i","sessionKey":"s","everyMs":60000,"text":"t","route":{"__proto__":"x"}}',
    ...invalid,
  },
  {
    name: "nesting without end",
    body: `{"text":"t","sessionKey":"s","data":${"[".repeat(9_000)}${"]".repeat(9_000)}}`,
    ...invalid,
  },
  { name: "an array for an object", body: "[]", ...invalid },
  { name: "a number for a text", body: JSON.stringify({ text: 1, sessionKey: "s" }), ...invalid },
  { name: "a wrong intent", body: JSON.stringify({ text: "t", sessionKey: "s", intent: "now" }), ...invalid },
  { name: "GET where POST is meant", method: "GET", body: null, ...wrongMethod },
  {
    name: "GET that asks for a change",
    path: "/v1/sessions/s/drain",
    method: "GET",
    body: null,
    ...wrongMethod,
  },
  { name: "PUT", method: "PUT", ...wrongMethod },
  {
    name: "TRACE in disguise",
    method: "GET",
    body: null,
    headers: { "x-http-method-override": "POST" },
    ...wrongMethod,
  },
  {
    name: "a path that climbs",
    path: "/v1/sessions/../../etc/passwd",
    method: "GET",
    body: null,
    ...notFound,
  },
  { name: "a backup to a path", path: "/v1/backup", body: JSON.stringify({ name: "../x" }), ...invalid },
  { name: "a backup to a hidden file", path: "/v1/backup", body: JSON.stringify({ name: ".x" }), ...invalid },
  {
    name: "a backup where none is offered",
    path: "/v1/backup",
    body: JSON.stringify({ name: "x" }),
    ...forbidden,
  },
  {
    name: "a JSON type with another name",
    headers: { "content-type": "application/json-patch+json" },
    ...unsupported,
  },
  { name: "a list of types", headers: { "content-type": "application/json, text/plain" }, ...unsupported },
  { name: "a file upload", headers: { "content-type": "multipart/form-data; boundary=x" }, ...unsupported },
  {
    name: "a body that is said to be compressed twice",
    headers: { "content-encoding": "identity, gzip" },
    ...unsupported,
  },
  { name: "an empty object", body: "{}", ...invalid },
  { name: "null", body: "null", ...invalid },
  { name: "a text", body: '"hello"', ...invalid },
  { name: "two documents", body: `${EVENT}${EVENT}`, ...invalid },
  { name: "a byte order mark and nothing else", body: "\ufeff", ...invalid },
  { name: "a comment", body: `/* */${EVENT}`, ...invalid },
  { name: "NaN", body: '{"text":"t","sessionKey":"s","coalesceMs":NaN}', ...invalid },
  {
    name: "a number too large for any type",
    body: '{"text":"t","sessionKey":"s","coalesceMs":1e400}',
    ...invalid,
  },
  {
    name: "constructor as a field",
    body: '{"text":"t","sessionKey":"s","constructor":{"prototype":{"x":1}}}',
    ...invalid,
  },
  {
    name: "nesting one deeper than the limit",
    body: `{"text":"t","sessionKey":"s","data":${"[".repeat(65)}${"]".repeat(65)}}`,
    ...invalid,
  },
  { name: "an object as session key", body: '{"text":"t","sessionKey":{"toString":"s"}}', ...invalid },
  { name: "a list as session key", body: '{"text":"t","sessionKey":["s"]}', ...invalid },
  { name: "a trust that does not exist", body: '{"text":"t","sessionKey":"s","trust":"owner"}', ...invalid },
  {
    name: "a route with something else than texts",
    body: '{"text":"t","sessionKey":"s","route":{"to":{"$ne":1}}}',
    ...invalid,
  },
  { name: "an unknown query", path: "/v1/events?admin=1", ...invalid },
  { name: "the same query twice", path: "/v1/events?wait=started&wait=settled", ...invalid },
  { name: "a wait without end", path: "/v1/events?wait=settled&waitMs=999999999", ...invalid },
  {
    name: "two ways to say that it is the same event",
    headers: { "idempotency-key": "a" },
    body: '{"text":"t","sessionKey":"s","dedupeKey":"b"}',
    ...invalid,
  },
  { name: "a backup with a slash", path: "/v1/backup", body: '{"name":"a/b"}', ...invalid },
  { name: "a backup with a backslash", path: "/v1/backup", body: '{"name":"a\\\\b"}', ...invalid },
  { name: "a backup with NUL", path: "/v1/backup", body: '{"name":"a\\u0000b"}', ...invalid },
  { name: "a backup that looks like an option", path: "/v1/backup", body: '{"name":"-rf"}', ...invalid },
  {
    name: "a backup with a name too long for a disk",
    path: "/v1/backup",
    body: `{"name":"${"a".repeat(101)}"}`,
    ...invalid,
  },
  {
    name: "a session key with a broken percent sign",
    path: "/v1/sessions/a%zz/drain",
    body: "{}",
    status: 400,
    code: "LUBDUB_SESSION_KEY_INVALID",
  },
  {
    name: "a session key of broken UTF-8",
    path: "/v1/sessions/%ff%fe/drain",
    body: "{}",
    status: 400,
    code: "LUBDUB_SESSION_KEY_INVALID",
  },
  {
    name: "a session key in overlong UTF-8",
    path: "/v1/sessions/%c0%ae/drain",
    body: "{}",
    status: 400,
    code: "LUBDUB_SESSION_KEY_INVALID",
  },
  {
    name: "a surrogate in UTF-8 as a session key",
    path: "/v1/sessions/%ed%a0%80/drain",
    body: "{}",
    status: 400,
    code: "LUBDUB_SESSION_KEY_INVALID",
  },
];

describe("a request of another shape is refused", () => {
  testAttacks(ATTACKS);
});
