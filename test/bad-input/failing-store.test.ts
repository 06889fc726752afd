import { expect, test, vi } from "vitest";
import { createHeartbeat } from "../../src/heartbeat.ts";
import { LubdubError } from "../../src/errors.ts";
import { memoryStore } from "../../src/log/memory.ts";
import { held, RAN } from "../support/agent.ts";
import { testHeart } from "../support/world.ts";

/** A store that fails or is full while the heartbeat lives: the host's process lives on, and nothing accepted is lost. */

const D = "agent:main:discord:channel:42";
const W = "agent:main:whatsapp:7";
const texts = (events: readonly { readonly text: string }[]): string[] => events.map(({ text }) => text);

/** A disk: its store outlives the heartbeat, and fails as it is told. */
function disk() {
  const store = memoryStore();
  const it = { store, fails: "no" as "no" | "full" | "io", readFails: false, appends: 0 };
  it.store = {
    ...store,
    append(batch) {
      it.appends += 1;
      if (it.fails === "full") {
        throw new LubdubError("LUBDUB_STORE_FULL", { expected: "room", got: "a full disk" });
      }
      if (it.fails === "io") throw new Error("disk I/O error");
      store.append(batch);
    },
    read(range) {
      if (it.readFails) throw new Error("disk I/O error");
      return store.read(range);
    },
    close() {},
  };
  return it;
}

test("an I/O error on commit: nothing more is accepted, runs are aborted, close works, and the next start goes on", async () => {
  const it = disk();
  const heart = testHeart({ coalesceMs: 0 }, { store: it.store });
  const { heartbeat, agent, clock } = heart;
  agent.answers(
    ({ signal }) =>
      new Promise((_, reject) => signal.addEventListener("abort", () => reject(new Error("stop")))),
  );
  await heart.soon(heartbeat.wake("running", { sessionKey: D }));
  it.fails = "io";
  const isFailed = expect.objectContaining({ code: "LUBDUB_STORE_FAILED", retryable: false });
  await expect(heart.soon(heartbeat.wake("lost, and told so", { sessionKey: W }))).rejects.toEqual(isFailed);
  expect(agent.calls[0]?.signal.aborted).toBe(true);
  it.fails = "no";
  const refusals: (() => Promise<unknown>)[] = [
    () => heartbeat.wake("x", { sessionKey: W }),
    () => heartbeat.enqueueSystemEvent("x", { sessionKey: W }),
    () => heartbeat.requestHeartbeatNow({ sessionKey: W }),
    () => heartbeat.peekSystemEvents(D),
    () => heartbeat.drainSystemEvents(D),
    () => heartbeat.acquireTurn(D),
    () => heartbeat.forget(D),
  ];
  for (const call of refusals) await expect(heart.soon(call())).rejects.toEqual(isFailed);
  expect(await heartbeat.status()).toMatchObject({
    state: "store-failed",
    cause: { code: "LUBDUB_STORE_FAILED", message: expect.stringContaining("disk I/O error") as string },
  });
  expect(await heartbeat.why(D)).toMatchObject({ code: "store-failed" });
  await heart.soon(heartbeat.close());
  await clock.advance(60_000);

  const second = testHeart({}, { store: it.store, clock });
  expect(texts(await second.heartbeat.peekSystemEvents(D))).toEqual(["running"]);
  await clock.advance(5_000);
  expect(second.agent.calls.map(({ sessionKey, events }) => [sessionKey, texts(events)])).toEqual([
    [D, ["running"]],
  ]);
});

test("a full disk that cannot even be read any more counts as failed, and does not end the host's process", async () => {
  const it = disk();
  const heart = testHeart({ coalesceMs: 0 }, { store: it.store });
  it.fails = "full";
  it.readFails = true;
  await expect(heart.soon(heart.heartbeat.wake("x", { sessionKey: D }))).rejects.toMatchObject({
    code: "LUBDUB_STORE_FULL",
  });
  expect(await heart.heartbeat.status()).toMatchObject({ state: "store-failed" });
  await heart.soon(heart.heartbeat.close());
});

test("a full disk: no hot loop, reading goes on, and ends of runs are written later under the same run id", async () => {
  const it = disk();
  const heart = testHeart({ coalesceMs: 0 }, { store: it.store });
  const { heartbeat, agent, clock } = heart;
  const runs = [held(), held()];
  agent.answers(...runs.map((run) => async () => (await run.promise, RAN)));
  await heart.soon(heartbeat.wake("for D", { sessionKey: D }));
  await heart.soon(heartbeat.wake("for W", { sessionKey: W }));
  const runIds = agent.calls.map(({ runId }) => runId);
  it.fails = "full";
  runs[0]?.resolve();
  await clock.settle();
  runs[1]?.resolve();
  await clock.settle();
  const before = it.appends;
  await clock.advance(60_000);
  expect(it.appends - before).toBeLessThanOrEqual(61);
  await expect(heart.soon(heartbeat.wake("refused", { sessionKey: D }))).rejects.toMatchObject({
    code: "LUBDUB_STORE_FULL",
    retryable: true,
  });
  expect(texts(await heartbeat.peekSystemEvents(D))).toEqual(["for D"]);
  expect(await heartbeat.read()).toHaveLength(4);
  it.fails = "no";
  await clock.advance(2_000);
  const ends = (await heartbeat.read()).filter(({ type }) => type === "run.ran");
  expect(ends.map(({ facts }) => (facts as { runId: string }).runId).toSorted()).toEqual(runIds.toSorted());
  expect(agent.calls).toHaveLength(2);
  agent.answers(RAN);
  await heart.soon(heartbeat.wake("accepted again", { sessionKey: D }));
  expect(agent.calls).toHaveLength(3);
  await heart.soon(heartbeat.close());
});

test("close on a full disk returns, leaves no timer, and the next start knows all that was accepted", async () => {
  const it = disk();
  const heart = testHeart({ coalesceMs: 0 }, { store: it.store });
  const { heartbeat, agent, clock } = heart;
  const run = held();
  agent.answers(async () => (await run.promise, RAN));
  await heart.soon(heartbeat.wake("ended", { sessionKey: D }));
  it.fails = "full";
  run.resolve();
  await clock.settle();
  await heart.soon(heartbeat.close());
  expect(clock.timers).toBe(0);
  await clock.advance(5_000);
  expect((await heartbeat.status()).state).toBe("closed");
  it.fails = "no";
  const second = testHeart({}, { store: it.store, clock });
  await clock.advance(5_000);
  expect(second.agent.calls.map(({ wakeId, events }) => [wakeId, texts(events)])).toEqual([
    [agent.calls[0]?.wakeId, ["ended"]],
  ]);
});

test("an error that is refused to the caller reaches nobody else: no unhandled rejection with the machine's clock", async () => {
  const unhandled = vi.fn<(error: unknown) => void>();
  process.on("unhandledRejection", unhandled);
  const it = disk();
  const heartbeat = createHeartbeat({ run: () => RAN, store: it.store, coalesceMs: 0 });
  it.fails = "io";
  await expect(heartbeat.wake("x", { sessionKey: D })).rejects.toMatchObject({ code: "LUBDUB_STORE_FAILED" });
  await heartbeat.close();
  await new Promise(setImmediate);
  process.off("unhandledRejection", unhandled);
  expect(unhandled).not.toHaveBeenCalled();
});
