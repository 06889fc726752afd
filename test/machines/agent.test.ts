import { initialTransition, transition, type SnapshotFrom } from "xstate";
import { beforeAll, describe, expect, test } from "vitest";
import { agentMachine, type AgentEvent } from "../../machines/index.ts";
import { edgeCover, type EdgeCover } from "./paths/graph.ts";

type Snapshot = SnapshotFrom<typeof agentMachine>;

const RUNS = ["r1", "r2"] as const;
const started = (runId: string): AgentEvent => ({
  type: "run.started",
  count: { runId, atMs: 1_000, keepStarts: 2 },
});
const ran = (runId: string): AgentEvent => ({ type: "run.ran", runId, tokens: 0 });
const skipped = (runId: string): AgentEvent => ({ type: "run.skipped", runId });
const failed = (runId: string): AgentEvent => ({ type: "run.failed", runId, refused: null });
const refused = (runId: string): AgentEvent => ({
  type: "run.failed",
  runId,
  refused: { refusal: "auth", untilMs: 60_000 },
});
const EVENTS = RUNS.flatMap((runId) => [started, ran, skipped, failed, refused].map((make) => make(runId)));

function after(events: readonly AgentEvent[]): Snapshot {
  const [begin] = initialTransition(agentMachine, { agentId: "main" });
  return events.reduce((snapshot, event) => transition(agentMachine, snapshot, event)[0], begin);
}

/** What the issue says of an agent that refuses, in so many words: nothing of the machine is used. */
interface Expected {
  readonly refuses: boolean;
  readonly probe: string | null;
  readonly openings: number;
}
const WELL: Expected = { refuses: false, probe: null, openings: 0 };

function expectedAfter(events: readonly AgentEvent[]): Expected {
  let is = WELL;
  for (const event of events) {
    const isProbe = "runId" in event && event.runId === is.probe;
    const isRefused = event.type === "run.failed" && event.refused !== null;
    if (event.type === "run.started") is = is.refuses ? { ...is, probe: event.count.runId } : is;
    else if (isRefused && (isProbe || !is.refuses))
      is = { refuses: true, probe: null, openings: is.openings + 1 };
    else if (isProbe) is = event.type === "run.ran" ? WELL : { ...is, probe: null };
  }
  return is;
}

/** The same, read off the machine. */
function seen({ value, context: { breaker } }: Snapshot): Expected {
  expect(value).toBe(breaker === null ? "closed" : breaker.probe === null ? "open" : "probing");
  return {
    refuses: breaker !== null,
    probe: breaker?.probe?.runId ?? null,
    openings: breaker?.openings ?? 0,
  };
}

/** Openings beyond the second and the order of starts change nothing of what may come next. */
const vertexOf = ({ value, context }: Snapshot): string =>
  JSON.stringify([value, context.breaker?.probe?.runId, Math.min(context.breaker?.openings ?? 0, 2)]);

describe("every state and every event", () => {
  let cover: EdgeCover<typeof agentMachine>;
  beforeAll(() => {
    const input = { agentId: "main" };
    cover = edgeCover({ machine: agentMachine, input, events: () => EVENTS, vertexOf });
  });

  test("every transition that the machine declares is taken", () => {
    expect(cover.untaken).toEqual([]);
  });

  test("and each leaves what a simple model of it expects", () => {
    expect(cover.edges).toBe(cover.vertices * EVENTS.length);
    for (const { events } of cover.paths) {
      const ways = events.map((_, index) => events.slice(0, index + 1));
      expect(ways.map((way) => [way, seen(after(way))])).toEqual(
        ways.map((way) => [way, expectedAfter(way)]),
      );
    }
  });
});

describe("what it counts", () => {
  const tally = (...events: AgentEvent[]) => after(events).context.tally;
  const onDay = (runId: string, dayEndsAtMs: number): AgentEvent => ({
    type: "run.started",
    count: { runId, atMs: 1_000, keepStarts: 2, dayEndsAtMs },
  });

  test("as many starts as the run that came last says, oldest first", () => {
    expect(tally(started("r1"), started("r2"), started("r3"))?.starts.map(({ runId }) => runId)).toEqual([
      "r2",
      "r3",
    ]);
  });

  test("in every state: a circuit that opens and closes forgets nothing of the day", () => {
    const spent: AgentEvent = { type: "run.ran", runId: "r3", tokens: 50 };
    const events = [onDay("r1", 9_000), refused("r1"), onDay("r2", 9_000), failed("r2"), onDay("r3", 9_000)];
    expect(tally(...events, spent)?.day).toEqual({ endsAtMs: 9_000, runs: 3, tokens: 50 });
  });

  test("a skipped run not at all, whatever the state", () => {
    expect(tally(onDay("r1", 9_000), skipped("r1"))).toEqual({
      starts: [],
      day: { endsAtMs: 9_000, runs: 0, tokens: 0 },
    });
    const probe = [onDay("r1", 9_000), refused("r1"), onDay("r2", 9_000), skipped("r2")];
    expect(tally(...probe)?.day?.runs).toBe(1);
  });

  test("each day anew", () => {
    const spent: AgentEvent = { type: "run.ran", runId: "r1", tokens: 50 };
    expect(tally(onDay("r1", 9_000), spent, onDay("r2", 10_000))?.day).toEqual({
      endsAtMs: 10_000,
      runs: 1,
      tokens: 0,
    });
  });

  describe.each<[string, readonly AgentEvent[]]>([
    ["closed", [onDay("r1", 9_000)]],
    ["open", [onDay("r1", 9_000), refused("r1")]],
    ["probing", [onDay("r1", 9_000), refused("r1"), onDay("r2", 9_000)]],
  ])("%s, while a run of another session goes on", (state, before) => {
    const runs = before.filter(({ type }) => type === "run.started").length;

    test("its start counts", () => {
      expect(after(before).value).toBe(state);
      expect(tally(...before, onDay("r9", 9_000))?.day).toMatchObject({ runs: runs + 1 });
    });
    test("its tokens count when it ends", () => {
      const spent: AgentEvent = { type: "run.ran", runId: "r1", tokens: 50 };
      expect(tally(...before, spent)?.day).toMatchObject({ runs, tokens: 50 });
    });
    test("it does not count when it is skipped", () => {
      expect(tally(...before, skipped("r1"))?.day).toMatchObject({ runs: runs - 1 });
    });
  });

  test("a run that began yesterday and is skipped today gives today nothing back", () => {
    const days = [onDay("r1", 9_000), onDay("r2", 10_000), skipped("r1")];
    expect(tally(...days)).toEqual({
      starts: [{ runId: "r2", atMs: 1_000 }],
      day: { endsAtMs: 10_000, runs: 1, tokens: 0 },
    });
    expect(tally(...days, skipped("r2"))).toEqual({
      starts: [],
      day: { endsAtMs: 10_000, runs: 0, tokens: 0 },
    });
    expect(tally(onDay("r1", 9_000), onDay("r2", 10_000), skipped("r2"), skipped("r1"))?.day?.runs).toBe(0);
  });

  test("nor does one that began before days were counted", () => {
    expect(tally(started("r1"), onDay("r2", 9_000), skipped("r1"))?.day?.runs).toBe(1);
  });

  test("tokens on the day on which they are told, once", () => {
    const told = (runId: string, dayEndsAtMs?: number): AgentEvent => ({
      type: "run.ran",
      runId,
      tokens: 50,
      ...(dayEndsAtMs && { dayEndsAtMs }),
    });
    const begun = [onDay("r1", 9_000), told("r1", 10_000)];
    expect(tally(...begun)?.day).toEqual({ endsAtMs: 10_000, runs: 0, tokens: 50 });
    expect(tally(...begun, onDay("r2", 10_000), told("r2", 10_000))?.day).toEqual({
      endsAtMs: 10_000,
      runs: 1,
      tokens: 100,
    });
    expect(tally(...begun, skipped("r1"))?.day).toEqual({ endsAtMs: 10_000, runs: 0, tokens: 50 });
    const before = [onDay("r1", 9_000), told("r1")];
    expect(tally(...before)?.day).toEqual({ endsAtMs: 9_000, runs: 1, tokens: 50 });
  });

  test("a run that it does not know no second time", () => {
    const twice = [onDay("r1", 9_000), onDay("r2", 9_000), skipped("r1"), skipped("r1")];
    expect(tally(...twice)).toMatchObject({ starts: [{ runId: "r2" }], day: { runs: 1 } });
  });

  test("a day from the run on that counts one", () => {
    expect(tally(started("r1"), onDay("r2", 9_000))?.day).toEqual({ endsAtMs: 9_000, runs: 1, tokens: 0 });
  });

  test("no tokens where no day is counted", () => {
    const spent: AgentEvent = { type: "run.ran", runId: "r1", tokens: 50 };
    expect(tally(spent)).toBeUndefined();
    expect(tally(started("r1"), spent)).toStrictEqual({ starts: [{ runId: "r1", atMs: 1_000 }] });
  });

  test("no day where none is counted", () => {
    expect(tally(started("r1"), started("r2"), skipped("r1"))).toStrictEqual({
      starts: [{ runId: "r2", atMs: 1_000 }],
    });
  });

  test("the tokens of the probe too", () => {
    const probing = [onDay("r1", 9_000), refused("r1"), onDay("r2", 9_000)];
    expect(tally(...probing, { type: "run.ran", runId: "r2", tokens: 7 })?.day).toMatchObject({ tokens: 7 });
  });

  test("nothing, where nothing counts: then there is no tally at all", () => {
    expect(after([ran("r1"), skipped("r2")]).context).toStrictEqual({ agentId: "main", breaker: null });
  });
});

test("an open circuit says why, until when, how often, and which run tries it", () => {
  const probing = after([started("r1"), refused("r1"), started("r2")]);
  expect(after([started("r1"), refused("r1")]).context.breaker).toEqual({
    refusal: "auth",
    untilMs: 60_000,
    openings: 1,
    probe: null,
  });
  expect(probing.context.breaker?.probe).toEqual({ runId: "r2", atMs: 1_000 });
});
