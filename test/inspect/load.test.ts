import { connect as connectTcp } from "node:net";
import { randomBytes } from "node:crypto";
import { expect, test } from "vitest";
import { createHeartbeat } from "../../src/index.ts";
import { createFeed } from "../../src/inspect/feed.ts";
import { createInspector, type ActorObserver, type StartedActor } from "../../src/inspect/index.ts";
import type { News, ShownActor } from "../../src/inspect/news.ts";
import { createViewer } from "../../src/inspect/viewer.ts";
import { connect, inspected, KEY, TOKEN, until, type Frame } from "./support.ts";

const actor = (id: string, context: unknown = {}): StartedActor => ({
  id,
  kind: "heartbeat",
  name: id,
  definition: { id: "heartbeat@1", initial: "idle", states: { idle: {} } },
  snapshot: { value: "idle", context },
});
const moved = (id: string, step: number): News => ({
  type: "moved",
  id,
  event: { type: "step" },
  snapshot: { value: "idle", context: { step } },
});

test("while nobody looks, the host builds nothing and tells nothing", async () => {
  const calls: string[] = [];
  const observer: ActorObserver = {
    watching: false,
    attach: () => () => calls.push("detached"),
    started: () => calls.push("started"),
    moved: () => calls.push("moved"),
    stopped: () => calls.push("stopped"),
  };
  const heartbeat = createHeartbeat({ run: () => ({ status: "ran" }), coalesceMs: 0, inspect: observer });
  const { wakeId } = await heartbeat.wake("done", { sessionKey: KEY });
  await heartbeat.waitFor(wakeId, "settled");
  await heartbeat.close();
  expect(calls).toEqual(["detached"]);
});

test("the feed samples under load: the newest snapshot of each actor comes, and what was left out is counted", async () => {
  const emitted: News[] = [];
  const strokes: boolean[] = [];
  const feed = createFeed({
    emit: (news) => emitted.push(news),
    resync: () => expect.unreachable(),
    stroke: (sampling) => strokes.push(sampling),
  });
  for (let step = 1; step <= 10_000; step += 1) feed.push(moved(`actor:${step % 10}`, step));
  await until(() => expect(strokes.at(-1)).toBe(false));
  expect(strokes[0]).toBe(true);
  expect(emitted).toHaveLength(1_010);
  expect(emitted.length + feed.sampledOut).toBe(10_000);
  const newest = new Map(emitted.map((news) => [news.type === "moved" && news.id, news]));
  for (let last = 9_991; last <= 10_000; last += 1) {
    expect(newest.get(`actor:${last % 10}`)).toEqual(moved(`actor:${last % 10}`, last));
  }
});

test("what no sample makes up for is made good from the roster", async () => {
  let resyncs = 0;
  const feed = createFeed({ emit: () => {}, resync: () => (resyncs += 1), stroke: () => {} });
  for (let index = 0; index < 1_001; index += 1) feed.push({ type: "stopped", id: `actor:${index}` });
  await until(() => expect(resyncs).toBe(1));
  for (let index = 0; index < 5_000; index += 1) feed.push(moved(`actor:${index}`, 1));
  feed.clear();
  expect(feed.sampledOut).toBeGreaterThan(2_000);
});

test("a viewer that does not read: what waits for it stays bounded, and it gets the roster anew when it reads", async () => {
  const unsent: { text: string; written: () => void }[] = [];
  const sizes = () => unsent.reduce((sum, { text }) => sum + text.length, 0);
  const socket = {
    get bufferedAmount() {
      return sizes();
    },
    send: (text: string, written: () => void) => unsent.push({ text, written }),
  };
  const roster: ShownActor[] = [actor("a", { at: "first" }), actor("b")];
  const protocol = (news: News) => [JSON.stringify(news)];
  const viewer = createViewer(socket, protocol, () => roster);
  viewer.sync();
  await until(() => expect(unsent).toHaveLength(2));

  const big = { value: "idle", context: "x".repeat(100_000) };
  for (let step = 0; step < 1_000; step += 1) {
    viewer.show({ type: "moved", id: "a", event: { type: "step" }, snapshot: big });
    expect(sizes()).toBeLessThan(1_048_576 + 101_000);
  }
  expect(viewer.lost).toBe(1_000 - (unsent.length - 2));

  roster.splice(0, 2, actor("a", { at: "last" }));
  for (const { written } of unsent.splice(0)) written();
  await until(() => expect(unsent).toHaveLength(2));
  expect(unsent.map(({ text }) => JSON.parse(text) as unknown)).toEqual([
    { type: "started", actor: actor("a", { at: "last" }) },
    { type: "stopped", id: "b" },
  ]);
});

test("a slow viewer loses news and is told so; another one beside it loses nothing", async () => {
  await using stack = new AsyncDisposableStack();
  const inspector = stack.use(await createInspector({ token: TOKEN }));
  let step = 0;
  const texts = Array.from({ length: 100 }, () => "x".repeat(2_000));
  inspector.attach(() => [actor("a", { step, texts })]);
  const slow = await connect(stack, inspector.url());
  const quick = await connect(stack, inspector.url());
  const lastOf = (frames: Frame[], id: string) =>
    frames.findLast(({ sessionId }) => sessionId === id)?.snapshot?.context;
  await until(() => expect(slow.frames).toHaveLength(2));
  slow.socket.pause();
  while (inspector.stats.lost === 0) {
    step += 1;
    inspector.moved({ id: "a" }, { type: "step" }, { value: "idle", context: { step, texts } });
    await until(() => expect(lastOf(quick.frames, "a")).toMatchObject({ step }));
  }
  step += 1;
  slow.socket.resume();
  await until(() => expect(lastOf(slow.frames, "a")).toMatchObject({ step }));
  const told = { lost: expect.toSatisfy((lost: number) => lost > 0) as number };
  await until(() => expect(lastOf(slow.frames, "inspector")).toMatchObject(told));
  expect(quick.frames.filter(({ type }) => type === "@xstate.event").length).toBeGreaterThanOrEqual(step - 1);
}, 30_000);

test("rubbish from a viewer changes nothing; too much of it ends that viewer alone", async () => {
  await using stack = new AsyncDisposableStack();
  const { heartbeat, inspector } = await inspected(stack);
  const good = await connect(stack, inspector.url());
  const bad = await connect(stack, inspector.url());
  const long = await connect(stack, inspector.url());
  const event = JSON.stringify({ type: "wake.requested", wake: { sessionKey: KEY } });
  for (const frame of ["{", "null", '{"type":"xstate.inspecting"}', randomBytes(1_000)])
    bad.socket.send(frame);
  bad.socket.send(JSON.stringify({ type: "xstate.event", event, service: `heartbeat:${KEY}` }));
  long.socket.send("x".repeat(5_000));
  const tcp = connectTcp(inspector.port, "127.0.0.1").on("error", () => {});
  tcp.end(randomBytes(2_000));
  await until(() => expect(inspector.stats.viewers).toBe(2));

  expect(await heartbeat.sessions()).toEqual([]);
  const { wakeId } = await heartbeat.wake("done", { sessionKey: KEY });
  await heartbeat.waitFor(wakeId, "settled");
  await until(() => expect(bad.frames.filter(({ type }) => type === "@xstate.event")).toHaveLength(6));
  for (let index = 0; index < 1_000; index += 1) bad.socket.send("{");
  await until(() => expect(inspector.stats.viewers).toBe(1));
  await until(() => expect(good.frames.filter(({ type }) => type === "@xstate.event")).toHaveLength(6));
});

test("a roster or a redaction that throws does not reach the host", async () => {
  await using stack = new AsyncDisposableStack();
  const redact = () => {
    throw new Error("broken redaction");
  };
  const inspector = stack.use(await createInspector({ token: TOKEN, redact }));
  const viewer = await connect(stack, inspector.url());
  await until(() => expect(inspector.stats.lost).toBe(1));
  inspector.attach(function* () {
    yield actor("a");
    throw new Error("broken roster");
  });
  inspector.moved({ id: "a" }, { type: "step" }, { value: "idle", context: {} });
  await until(() => expect(inspector.stats.lost).toBeGreaterThan(2));
  expect(viewer.frames).toEqual([]);
  expect(viewer.socket.readyState).toBe(viewer.socket.OPEN);
});
