import type { Survivor } from "./survivors.ts";

/** Those of what a lane is made of: its heartbeat, and the wakes that are pending in it. */
export const LANE_SURVIVORS: readonly Survivor[] = [
  {
    file: "machines/heartbeat.ts",
    line: '"is pending and due": ({ context, event }) => event.type === "run.started" && mayStart(context, event),',
    changes: ['event.type === "run.started" -> true'],
    why: "Only asked at a start; the type of the event wants the question.",
  },
  {
    file: "machines/heartbeat.ts",
    line: '"runId" in event && event.runId === context.run?.runId;',
    changes: ["context.run?.runId -> context.run.runId"],
    why: "Only asked while a run goes on; the types cannot know.",
  },
  {
    file: "machines/heartbeat.ts",
    line: 'event.type === "run.started" ? started(context, event) : {},',
    changes: ['event.type === "run.started" -> true'],
    why: "Only a start takes a wake; the type of the event wants the question.",
  },
  {
    file: "machines/heartbeat.ts",
    line: '"sessionKey" in event && run?.wake.sessionKey === event.sessionKey',
    changes: ["run?.wake -> run.wake"],
    why: "Only a run that goes on is marked, and only by a session that is forgotten, which has a key; the types cannot know.",
  },
  {
    file: "machines/heartbeat.ts",
    line: "return old === undefined ? pending : pending.with(held(old, event));",
    changes: ["old === undefined -> false"],
    why: "Only a wake that is pending is held; the types cannot know.",
  },
  {
    file: "machines/heartbeat.ts",
    line: "return run === null || run.forgotten ? pending : afterRun(pending, run.wake, event);",
    changes: ["run === null -> false"],
    why: "Only a run that goes on ends; the types cannot know.",
  },
  {
    file: "machines/heartbeat.ts",
    line: 'if (event.type === "run.failed" && event.refused === true)',
    changes: ['event.type === "run.failed" -> true'],
    why: "No other end can be refused; the type of the event wants the question.",
  },
  {
    file: "machines/heartbeat.ts",
    line: 'return waiting === size ? "retrying" : "pending";',
    changes: ['"pending" -> ""'],
    why: "The guards ask for the two other phases; this is the one that is left.",
  },
  {
    file: "machines/heartbeat.ts",
    line: "if (wake === undefined) return context;",
    changes: ["wake === undefined -> false"],
    why: "Only a wake that is pending starts; the types cannot know.",
  },
  {
    file: "machines/pending.ts",
    line: "if (this.size === 1) return Pending.none;",
    changes: ["this.size === 1 -> false"],
    why: "Only saves work: without the last wake the trees are empty all the same.",
  },
  {
    file: "machines/pending.ts",
    line: "if (wake !== undefined && (due === null || wake.dueAtMs < due)) due = wake.dueAtMs;",
    changes: ["wake.dueAtMs < due -> wake.dueAtMs <= due"],
    why: "Of two deadlines at the same time either is the earliest.",
  },
  {
    file: "machines/tree.ts",
    line: "return order < 0",
    changes: ["order < 0 -> order <= 0"],
    why: "What compares equal was replaced in the line before.",
  },
  {
    file: "machines/tree.ts",
    line: "if (left === null) return right;",
    changes: ["left === null -> false"],
    why: "Only saves work: without a left side the first of the right side is put in front of the rest of it.",
  },
  {
    file: "machines/tree.ts",
    line: "if (leftSize + rightSize > 1) {",
    changes: ["leftSize + rightSize > 1 -> true", "leftSize + rightSize > 1 -> leftSize + rightSize >= 1"],
    why: "Two elements are in order and in balance whichever of them is on top.",
  },
  {
    file: "machines/tree.ts",
    line: "if (right !== null && rightSize > DELTA * leftSize) return rotateLeft(value, left, right);",
    changes: ["right !== null -> true"],
    why: "The heavier side is not empty; the types cannot know.",
  },
  {
    file: "machines/tree.ts",
    line: "if (right !== null && rightSize > DELTA * leftSize) return rotateLeft(value, left, right);",
    changes: ["rightSize > DELTA * leftSize -> rightSize >= DELTA * leftSize"],
    why: "It turns at the bound and not beyond it: what is promised, order and a depth that grows with the logarithm, is kept.",
  },
  {
    file: "machines/tree.ts",
    line: "if (left !== null && leftSize > DELTA * rightSize) return rotateRight(value, left, right);",
    changes: ["leftSize > DELTA * rightSize -> leftSize >= DELTA * rightSize"],
    why: "It turns at the bound and not beyond it: what is promised, order and a depth that grows with the logarithm, is kept.",
  },
  {
    file: "machines/tree.ts",
    line: "if (left !== null && leftSize > DELTA * rightSize) return rotateRight(value, left, right);",
    changes: ["left !== null -> true"],
    why: "The heavier side is not empty; the types cannot know.",
  },
  {
    file: "machines/tree.ts",
    line: "if (inner === null || sizeOf(inner) < RATIO * sizeOf(right.right)) {",
    changes: ["inner === null -> false"],
    why: "Without an inner side there is an outer one, which is heavier; the types cannot know.",
  },
  {
    file: "machines/tree.ts",
    line: "if (inner === null || sizeOf(inner) < RATIO * sizeOf(left.left)) {",
    changes: ["inner === null -> false"],
    why: "Without an inner side there is an outer one, which is heavier; the types cannot know.",
  },
  {
    file: "machines/tree.ts",
    line: "node = order < 0 ? node.left : node.right;",
    changes: ["order < 0 -> order <= 0"],
    why: "What compares equal was found in the line before.",
  },
  {
    file: "machines/tree.ts",
    line: "if (order < 0) {",
    changes: ["order < 0 -> order <= 0"],
    why: "What compares equal was taken out in the line before.",
  },
];
