import type { Wake } from "../../machines/index.ts";

/** A wake that waits in its window, as most tests of a lane begin. */
export const wake = (sessionKey: string, changes: Partial<Wake> = {}): Wake => ({
  sessionKey,
  wakeId: `w-${sessionKey}`,
  source: "other",
  intent: "event",
  reason: "test",
  requestedAtMs: 0,
  dueAtMs: 250,
  waitsFor: "window",
  attempts: 0,
  postponements: 0,
  ...changes,
});
