import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, test, vi } from "vitest";
import { sessionLine } from "../../src/cli/words.ts";
import { connect } from "../../src/client/index.ts";
import { LubdubError } from "../../src/errors.ts";
import { createHost } from "../../src/hosts/embedded.ts";
import { serveHttp } from "../../src/http/index.ts";
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

test.each([
  [
    "session",
    "UPDATE snapshots SET state = replace(state, 'for D', 'for X') WHERE kind = 'session' AND key = ?",
  ],
  [
    "heartbeat",
    "UPDATE snapshots SET state = replace(state, 'w-', 'x-') WHERE kind = 'heartbeat' AND key = ?",
  ],
])("a list with a damaged %s names it in its place, and serves its neighbour", async (_, statement) => {
  using folder = temporaryFolder();
  const clock = await populate(folder.path);
  damage(folder.path, statement.replace("?", `'${D}'`));
  const heart = testHeart({}, { store: sqliteStore({ folder: folder.path }), clock });
  const listed = await heart.heartbeat.sessions();
  expect(listed.map(({ sessionKey, state, queued }) => [sessionKey, state, queued])).toEqual([
    [D, "damaged", 0],
    [W, "retrying", 1],
  ]);
  expect(await heart.heartbeat.sessions({ limit: 1 })).toEqual(listed.slice(0, 1));
  expect((await heart.heartbeat.status()).quarantined).toMatchObject([
    { lane: D, code: "LUBDUB_STORE_CORRUPT" },
  ]);
  await heart.soon(heart.heartbeat.close());
});

test("dead letters: those of a damaged session are missing and it is named; the others are listed, and can be requeued", async () => {
  using folder = temporaryFolder();
  const { heartbeat, agent, clock, soon } = testHeart(
    { maxAttempts: 1 },
    { store: sqliteStore({ folder: folder.path }) },
  );
  agent.answers(FAILED);
  for (const sessionKey of [W, D])
    await soon(heartbeat.wake(`for ${sessionKey === D ? "D" : "W"}`, { sessionKey }));
  await clock.advance(300);
  await soon(heartbeat.close());
  damage(
    folder.path,
    `UPDATE snapshots SET state = replace(state, 'for D', 'for X') WHERE kind = 'session' AND key = '${D}'`,
  );
  const again = testHeart({}, { store: sqliteStore({ folder: folder.path }), clock });
  for (const page of [{}, { limit: 1 }]) {
    const letters = await again.heartbeat.deadLetters(page);
    expect(letters.map(({ event }) => event.text)).toEqual(["for W"]);
  }
  expect((await again.heartbeat.status()).quarantined).toMatchObject([{ lane: D }]);
  const [letter] = await again.heartbeat.deadLetters();
  await again.soon(again.heartbeat.requeue(letter?.event.eventId ?? ""));
  await again.soon(again.heartbeat.close());
});

test("the state at a position names what is damaged in it, and holds all else", async () => {
  using folder = temporaryFolder();
  const clock = await populate(folder.path);
  damage(
    folder.path,
    `UPDATE snapshots SET state = replace(state, 'for D', 'for X') WHERE kind = 'session' AND key = '${D}'`,
  );
  const heart = testHeart({}, { store: sqliteStore({ folder: folder.path }), clock });
  await heart.soon(heart.heartbeat.wake("for W again", { sessionKey: W }));
  const { position } = await heart.heartbeat.status();
  const state = await heart.heartbeat.stateAt(position);
  expect(Object.keys(state.sessions)).toEqual([W]);
  expect(Object.keys(state.heartbeats)).toEqual([D, W]);
  expect(state.damaged).toMatchObject([{ kind: "session", key: D }]);
  await heart.soon(heart.heartbeat.close());
});

test("a start goes on although a session with records since its damaged snapshot, and a deadline, are damaged", async () => {
  using folder = temporaryFolder();
  using copy = temporaryFolder();
  const clock = await populate(folder.path);
  const killed = testHeart({}, { store: sqliteStore({ folder: folder.path }), clock });
  for (const sessionKey of [D, W]) await killed.soon(killed.heartbeat.wake("once more", { sessionKey }));
  mkdirSync(copy.path, { mode: 0o700, recursive: true });
  await killed.heartbeat.backup(join(copy.path, "lubdub.db")); // as a killed process leaves it: without a checkpoint
  await killed.soon(killed.heartbeat.close());
  damage(copy.path, `UPDATE snapshots SET previous = previous + 1 WHERE kind = 'session' AND key = '${D}'`);
  damage(
    copy.path,
    `UPDATE snapshots SET due_at_ms = due_at_ms + 1 WHERE kind = 'heartbeat' AND key = '${D}'`,
  );
  const heart = testHeart({}, { store: sqliteStore({ folder: copy.path }), clock });
  heart.agent.answers(RAN);
  await clock.advance(60_000);
  expect(heart.agent.calls.flatMap(({ events }) => events.map(({ text }) => text))).toEqual([
    "for W",
    "once more",
  ]);
  expect(heart.agent.calls.every(({ sessionKey }) => sessionKey === W)).toBe(true);
  expect((await heart.heartbeat.status()).quarantined).toMatchObject([{ lane: D }]);
  await heart.soon(heart.heartbeat.close());
});

test("a damaged schedule is set aside and named; the others tick", async () => {
  using folder = temporaryFolder();
  const made = testHeart({}, { store: sqliteStore({ folder: folder.path }) });
  for (const scheduleId of ["damaged", "sound"]) {
    const schedule = {
      scheduleId,
      sessionKey: D,
      text: scheduleId,
      everyMs: 60_000,
    } as const;
    await made.soon(made.heartbeat.setSchedule(schedule));
  }
  await made.soon(made.heartbeat.close());
  damage(
    folder.path,
    "UPDATE snapshots SET state = state || ' ' WHERE kind = 'schedule' AND key = 'damaged'",
  );
  const heart = testHeart({}, { store: sqliteStore({ folder: folder.path }), clock: made.clock });
  heart.agent.answers(RAN);
  await heart.clock.advance(61_000);
  expect(heart.agent.calls.flatMap(({ events }) => events.map(({ text }) => text))).toEqual(["sound"]);
  expect((await heart.heartbeat.schedules()).map(({ scheduleId }) => scheduleId)).toEqual(["sound"]);
  expect((await heart.heartbeat.status()).quarantined).toMatchObject([{ lane: "schedule damaged" }]);
  await heart.soon(heart.heartbeat.close());
});

test("over HTTP and on the command line, the damaged session is named and its neighbour is served", async () => {
  using folder = temporaryFolder();
  const clock = await populate(folder.path);
  damage(
    folder.path,
    `UPDATE snapshots SET state = replace(state, 'for D', 'for X') WHERE kind = 'session' AND key = '${D}'`,
  );
  const heart = testHeart({}, { store: sqliteStore({ folder: folder.path }), clock });
  const token = "t".repeat(40);
  const server = await serveHttp({ heartbeat: heart.heartbeat, token, host: "127.0.0.1", port: 0 });
  const client = connect({ url: server.url, token });
  const listed = await client.sessions();
  expect(listed.map(sessionLine)).toEqual([`${D}  damaged: see lubdub doctor`, `${W}  retrying, 1 queued`]);
  expect((await client.status()).quarantined).toMatchObject([{ lane: D }]);
  await server.close();
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
