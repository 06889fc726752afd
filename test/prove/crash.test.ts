import { expect, test } from "vitest";
import { checkHistory } from "./crash/check-history.ts";
import { damage, look, pictures } from "./crash/damage.ts";
import type { Entry, Seen } from "./crash/history.ts";
import { daemonPart, killPart } from "./parts/kill.ts";
import { recordLoad, recorderMissing, type Operation } from "./crash/recording.ts";
import { replay } from "./crash/replay.ts";
import { straceMissing, syscallsPart } from "./parts/syscalls.ts";

const A = "agent:a";
const B = "agent:b";
const request = { tier: "pr", progress: () => {} } as const;

test("a process that is killed over and over loses nothing", async () => {
  const { counts, failures } = await killPart({ pr: 4, deep: 4 }).run(request);
  expect(failures).toEqual([]);
  expect(counts).toMatchObject({ cycles: 4 });
});

test("a daemon that is killed over and over loses nothing", async () => {
  const { counts, failures } = await daemonPart({ pr: 4, deep: 4 }).run(request);
  expect(failures).toEqual([]);
  expect(counts).toMatchObject({ cycles: 4 });
});

test("bits flipped in a live WAL and in a closed database are noticed, or change nothing", async () => {
  for (const picture of await pictures(1)) {
    const { counts, violations } = damage(picture, 1, 60);
    expect(violations).toEqual([]);
    expect(counts.refused + counts.doctor).toBeGreaterThan(0);
  }
});

test("doctor comes to an end on a database whose last page is cut off anywhere", async () => {
  const [, closed = new Map()] = await pictures(1);
  const bytes = closed.get("lubdub.db") ?? Buffer.alloc(0);
  for (let cut = 150; cut < 3 * 4_096; cut += 400) {
    const cutOff = new Map([["lubdub.db" as const, bytes.subarray(0, bytes.length - cut)]]);
    expect(look(cutOff).problems, `${cut} bytes cut off`).toBeGreaterThan(0);
  }
});

test.skipIf(recorderMissing() !== undefined)(
  "what was acknowledged outlives a power failure, and NORMAL and a disk that does not sync are found out",
  async () => {
    const operations = await recordLoad(1, 5, "FULL");
    expect(replay(operations, { seed: 1, states: 40 })).toMatchObject({ states: 40, lost: 0, unreadable: 0 });
    const unsynced = replay(operations, { seed: 1, states: 40, isHonest: false });
    expect(unsynced.lost + unsynced.unreadable).toBeGreaterThan(0);
    expect(replay(await recordLoad(1, 5, "NORMAL"), { seed: 1, states: 40 }).lost).toBeGreaterThan(0);
  },
);

test.skipIf(recorderMissing() !== undefined)(
  "what a process reads of a killed one's last commit is on the disk before it writes itself",
  async () => {
    const operations = await recordLoad(2, 2, "FULL");
    const begun = operations.findLastIndex(({ op }) => op === "begin");
    const isOfWal = (operation: Operation): boolean => "file" in operation && operation.file.endsWith("-wal");
    expect(operations.slice(0, begun).findLast(isOfWal)).toMatchObject({ op: "write" }); // killed before its sync
    expect(operations.slice(begun).find(isOfWal)).toMatchObject({ op: "sync" });
  },
);

test.skipIf(straceMissing() !== undefined)(
  "the 20th call kills it or fails, in three ways, and nothing is lost",
  async () => {
    const size = { points: 20, bursts: 6, kindsPerPoint: 3 } as const;
    const { counts, failures } = await syscallsPart({ pr: size, deep: size }).run({ ...request, seed: 20 });
    expect(failures).toEqual([]);
    expect(counts).toMatchObject({ points: 3, killed: 1 });
  },
);

const seen = (n: number, key = A, facts: Partial<Seen> = {}): Seen => ({
  n,
  key,
  sentTo: key,
  eventId: `e-${n}`,
  ...facts,
});
const sent = (n: number, key = A): Entry[] => [
  { type: "sent", key, n },
  { type: "acked", key, n, eventId: `e-${n}`, position: n },
];
const run = (runId: string, events: Seen[], key = A, wakeId = "w-1", attempt = 1): Entry => ({
  type: "run",
  key,
  wakeId,
  runId,
  attempt,
  events,
});
const answered = (runId: string, ran = true): Entry => ({ type: "answered", runId, ran });
const ended = (runId: string, ran = true): Entry => ({ type: "ended", runId, ran, position: 9 });
const START: Entry = { type: "started", process: 1 };
const AGAIN: Entry = { type: "started", process: 2 };
const DRAINED: Entry = { type: "drained" };

test("the checker is content with a run that was interrupted and came back", () => {
  const history = [
    START,
    ...sent(1),
    run("r-1", [seen(1)]),
    AGAIN,
    run("r-2", [seen(1)], A, "w-1", 2),
    ended("r-2"),
    DRAINED,
  ];
  expect(checkHistory(history)).toMatchObject({ violations: [], repeated: 1, effectsTwice: 0, runs: 2 });
});

test("the checker counts work that was done twice because its answer was lost", () => {
  const first = [...sent(1), ...sent(2), run("r-1", [seen(1)]), answered("r-1")];
  const again = [run("r-2", [seen(1)], A, "w-1", 2), answered("r-2"), run("r-3", [seen(2)], A, "w-2")];
  const history = [START, ...first, AGAIN, ...again, answered("r-3"), DRAINED];
  expect(checkHistory(history)).toMatchObject({ violations: [], repeated: 1, effectsTwice: 1, runs: 3 });
});

test.each<[string, RegExp, Entry[]]>([
  ["lost", /^S1 event 2/, [...sent(1), ...sent(2), run("r-1", [seen(1)]), ended("r-1"), DRAINED]],
  [
    "reordered",
    /^S10 event 1/,
    [...sent(1), ...sent(2), run("r-1", [seen(2), seen(1)]), ended("r-1"), DRAINED],
  ],
  ["under another key", /^S3 event 1/, [...sent(1), run("r-1", [seen(1, A)], B), ended("r-1"), DRAINED]],
  ["never sent", /^S3 event 7/, [run("r-1", [seen(7)]), ended("r-1"), DRAINED]],
  [
    "under another id",
    /^S4 event 1/,
    [...sent(1), run("r-1", [seen(1, A, { eventId: "e-x" })]), ended("r-1"), DRAINED],
  ],
  [
    "seen again after success",
    /^S9 event 1 was seen again/,
    [...sent(1), run("r-1", [seen(1)]), ended("r-1"), run("r-2", [seen(1)]), ended("r-2"), DRAINED],
  ],
  [
    "back under another wake id",
    /^S9 run r-1 was interrupted as wake w-1/,
    [...sent(1), run("r-1", [seen(1)]), AGAIN, run("r-2", [seen(1)], A, "w-2", 2), ended("r-2"), DRAINED],
  ],
  [
    "back with another",
    /^S9 wake w-1 was interrupted with events 1 and/,
    [
      ...sent(1),
      ...sent(2),
      run("r-1", [seen(1)]),
      answered("r-1"),
      AGAIN,
      run("r-2", [seen(1), seen(2)], A, "w-1", 2),
      answered("r-2"),
      DRAINED,
    ],
  ],
  [
    "back as the same attempt",
    /^S9 wake w-1 came back as attempt 1/,
    [...sent(1), run("r-1", [seen(1)]), AGAIN, run("r-2", [seen(1)]), ended("r-2"), DRAINED],
  ],
  [
    "shown again after an answer that was heard",
    /^S9 event 1 was seen again/,
    [
      ...sent(1),
      run("r-1", [seen(1)]),
      answered("r-1"),
      run("r-2", [seen(1)], A, "w-1", 2),
      answered("r-2"),
      DRAINED,
    ],
  ],
  [
    "dropped after a failed answer",
    /^S8 event 1/,
    [...sent(1), run("r-1", [seen(1)]), answered("r-1", false), AGAIN, DRAINED],
  ],
  [
    "in two runs at once",
    /^S5 run r-2/,
    [...sent(1), ...sent(2), run("r-1", [seen(1)]), run("r-2", [seen(2)]), DRAINED],
  ],
  [
    "dropped by a failed run",
    /^S8 event 1/,
    [...sent(1), run("r-1", [seen(1)]), ended("r-1", false), DRAINED],
  ],
  [
    "accepted twice",
    /^S9 event 1 was accepted/,
    [...sent(1), { type: "acked", key: A, n: 1, eventId: "e-9", position: 9 }],
  ],
  ["never handled", /^L1/, [...sent(1), run("r-1", [seen(1)])]],
])("the checker finds an event that was %s", (_, violation, history) => {
  expect(checkHistory([START, ...history]).violations).toContainEqual(expect.stringMatching(violation));
});
