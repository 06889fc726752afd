import { initialTransition, transition, type SnapshotFrom } from "xstate";
import { heartbeatMachine, type HeartbeatEvent, type Wake } from "../../machines/index.ts";
import { wake as wakeOf } from "./wake.ts";

type Snapshot = SnapshotFrom<typeof heartbeatMachine>;

export const KEY = "agent:main:discord:channel:42";
export const OTHER = "agent:main:main";

export const wake = (sessionKey = KEY, changes: Partial<Wake> = {}): Wake =>
  wakeOf(sessionKey, { source: "exec-event", reason: "npm test ended", ...changes });
export const request = (sessionKey = KEY, changes: Partial<Wake> = {}): HeartbeatEvent => ({
  type: "wake.requested",
  wake: wake(sessionKey, changes),
});
export const start = (sessionKey = KEY, { atMs = 250, idle = false, runId = "r1" } = {}): HeartbeatEvent => ({
  type: "run.started",
  sessionKey,
  wakeId: `w-${sessionKey}`,
  runId,
  atMs,
  idle,
});
export const busy = (dueAtMs: number | null = 1_250, runId = "r1"): HeartbeatEvent => ({
  type: "run.skipped",
  runId,
  dueAtMs,
});
export const failed = (dueAtMs: number | null = 1_250, next: Wake | null = null): HeartbeatEvent => ({
  type: "run.failed",
  runId: "r1",
  dueAtMs,
  next,
});
export const ran = (next: Wake | null = null, runId = "r1"): HeartbeatEvent => ({
  type: "run.ran",
  runId,
  next,
});

export function after(...events: HeartbeatEvent[]): Snapshot {
  const [begin] = initialTransition(heartbeatMachine, { lane: "lane" });
  return events.reduce((snapshot, event) => transition(heartbeatMachine, snapshot, event)[0], begin);
}
export const pending = (snapshot: Snapshot, key = KEY): Wake | undefined => snapshot.context.pending.get(key);
