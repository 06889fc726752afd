import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, test, vi } from "vitest";
import { LubdubError } from "../../src/errors.ts";
import { createHost } from "../../src/hosts/embedded.ts";
import { memoryStore } from "../../src/log/memory.ts";
import { sqliteStore } from "../../src/log/sqlite/index.ts";
import { temporaryFolder } from "../log/folder.ts";
import { resolveOptions } from "../../src/options.ts";
import { FAILED, held, RAN } from "../support/agent.ts";
import { simulatedClock } from "../support/simulated-clock.ts";
import { testHeart } from "../support/world.ts";

/** What is damaged in the store concerns its own session: the neighbours are served, and it is said what is wrong. */

const D = "agent:main:discord:channel:42";
const W = "agent:main:whatsapp:7";
const isCorrupt = expect.objectContaining({ code: "LUBDUB_STORE_CORRUPT" });

/** A closed store with one event waiting for each of two sessions. */
async function populate(folder: string): Promise<ReturnType<typeof testHeart>["clock"]> {
  const { heartbeat, agent, clock, soon } = testHeart({}, { store: sqliteStore({ folder }) });
  agent.answers(FAILED);
  // The oldest and the newest record are looked at when a store is opened.
  await soon(heartbeat.wake("for W", { sessionKey: W }));
  await soon(heartbeat.wake("for D", { sessionKey: D }));
  await clock.advance(300);
  await soon(heartbeat.close());
  return clock;
}

function damage(folder: string, statement: string): void {
  const db = new DatabaseSync(join(folder, "lubdub.db"));
  const { changes } = db.prepare(statement).run();
  db.close();
  expect(changes).toBeGreaterThan(0);
}

test.each([
  [
    "session",
    "UPDATE snapshots SET state = replace(state, 'for D', 'for X') WHERE kind = 'session' AND key = ?",
  ],
  [
    "heartbeat",
    "UPDATE snapshots SET state = replace(state, 'w-', 'x-') WHERE kind = 'heartbeat' AND key = ?",
  ],
])(
  "a damaged snapshot of a %s: its lane is set aside and shown, its neighbour runs",
  async (_, statement) => {
    using folder = temporaryFolder();
    const clock = await populate(folder.path);
    damage(folder.path, statement.replace("?", `'${D}'`));
    const heart = testHeart({}, { store: sqliteStore({ folder: folder.path }), clock });
    const { heartbeat, agent } = heart;
    agent.answers(RAN);
    await clock.advance(60_000);
    expect(agent.calls.map(({ sessionKey, events }) => [sessionKey, events[0]?.text])).toEqual([
      [W, "for W"],
    ]);
    expect(await heartbeat.status()).toMatchObject({
      state: "running",
      quarantined: [
        {
          lane: D,
          code: "LUBDUB_STORE_CORRUPT",
          message: expect.stringMatching(/^Expected .*; got .*lubdub doctor/) as string,
        },
      ],
    });
    await expect(heart.soon(heartbeat.wake("for D again", { sessionKey: D }))).rejects.toEqual(isCorrupt);
    await expect(heartbeat.why(D)).rejects.toEqual(isCorrupt);
    await heart.soon(heartbeat.wake("for W again", { sessionKey: W }));
    await clock.advance(300);
    expect(agent.calls.at(-1)?.events.map(({ text }) => text)).toEqual(["for W again"]);
    expect((await heartbeat.session(W)).queued).toBe(0);
    await heart.soon(heartbeat.close());
  },
);

test("a damaged record of one session: its history says so, its queue and its neighbours are served", async () => {
  using folder = temporaryFolder();
  const clock = await populate(folder.path);
  damage(folder.path, `UPDATE log SET body = replace(body, 'for D', 'for X') WHERE session = '${D}'`);
  const heart = testHeart({}, { store: sqliteStore({ folder: folder.path }), clock });
  const { heartbeat, agent } = heart;
  agent.answers(RAN);
  await clock.advance(60_000);
  expect(agent.calls.map(({ sessionKey, events }) => `${sessionKey}: ${events[0]?.text}`).toSorted()).toEqual(
    [`${D}: for D`, `${W}: for W`],
  );
  await expect(heartbeat.read({ sessionKey: D })).rejects.toEqual(isCorrupt);
  expect((await heartbeat.read({ sessionKey: W })).length).toBeGreaterThan(2);
  await heart.soon(heartbeat.close());
});

test("a list that would have to leave out a damaged session says so; the page after it is served", async () => {
  using folder = temporaryFolder();
  const clock = await populate(folder.path);
  damage(
    folder.path,
    `UPDATE snapshots SET state = replace(state, 'for D', 'for X') WHERE kind = 'session' AND key = '${D}'`,
  );
  const heart = testHeart({}, { store: sqliteStore({ folder: folder.path }), clock });
  await expect(heart.heartbeat.sessions()).rejects.toEqual(isCorrupt);
  const after = await heart.heartbeat.sessions({ after: D });
  expect(after.map(({ sessionKey }) => sessionKey)).toEqual([W]);
  await heart.soon(heart.heartbeat.close());
});

test.each(["session", "heartbeat"] as const)(
  "a %s that is found damaged when its run ends: the run gives back its slot and its lane, and close does not wait",
  async (damaged) => {
    const memory = memoryStore();
    let fault: "none" | "full" | "damage" = "none";
    const store = {
      ...memory,
      append: (batch: Parameters<typeof memory.append>[0]) => {
        if (fault === "full") throw new LubdubError("LUBDUB_STORE_FULL", { expected: "room", got: "none" });
        memory.append(batch);
      },
      snapshot: (...[kind, key, upTo]: Parameters<typeof memory.snapshot>) => {
        if (fault === "damage" && kind === damaged && key === D)
          throw new LubdubError("LUBDUB_STORE_CORRUPT", { expected: "what was written", got: "damage" });
        return memory.snapshot(kind, key, upTo);
      },
    };
    const heart = testHeart({ concurrency: 1, coalesceMs: 0, checkpointRecords: 1 }, { store });
    const running = held();
    heart.agent.answers(async () => (await running.promise, RAN), RAN);
    await heart.soon(heart.heartbeat.wake("for D", { sessionKey: D }));
    fault = "full"; // a commit that fails throws the live actors away
    await expect(heart.soon(heart.heartbeat.wake("for W", { sessionKey: W }))).rejects.toMatchObject({
      code: "LUBDUB_STORE_FULL",
    });
    fault = "damage";
    running.resolve();
    await heart.clock.advance(2_000);
    expect(await heart.heartbeat.status()).toMatchObject({ runsInFlight: 0, quarantined: [{ lane: D }] });
    await heart.soon(heart.heartbeat.wake("for W again", { sessionKey: W }));
    expect(heart.agent.calls.map(({ events }) => events[0]?.text)).toEqual(["for D", "for W again"]);
    await heart.soon(heart.heartbeat.withTurn(D, async () => {}));
    await heart.soon(heart.heartbeat.close());
  },
);

test("a start that cannot be written takes neither slot nor lane", async () => {
  const clock = simulatedClock();
  const host = createHost(resolveOptions({ run: () => RAN, clock, coalesceMs: 0 }));
  const write = host.journal.write.bind(host.journal);
  vi.spyOn(host.journal, "write").mockImplementation((draft) => {
    if (draft.type === "run.started") throw new Error("a defect");
    return write(draft);
  });
  void host.intake.event("for D", { sessionKey: D }, true);
  await clock.settle();
  expect([...host.quarantined.keys()]).toEqual([D]);
  expect(host.runner.inFlight).toBe(0);
  expect(host.leases.isHeld(D)).toBe(false);
});
