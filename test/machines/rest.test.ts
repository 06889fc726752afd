import { expect, test } from "vitest";
import { createHost } from "../../src/hosts/embedded.ts";
import { sqliteStore } from "../../src/log/sqlite/index.ts";
import { resolveOptions } from "../../src/options.ts";
import { simulatedClock } from "../support/simulated-clock.ts";
import { storeFolder } from "./paths/folder.ts";
import { edgeCover } from "./paths/graph.ts";
import { heartbeatDriver } from "./paths/heartbeat-driver.ts";
import { heartbeatWalk, NOW_MS } from "./paths/heartbeat-walk.ts";
import { createSubject, laneOf } from "./paths/subject.ts";

test("after a crash in any state, every event that was queued comes to its own session, one run per lane, and all comes to rest", async () => {
  using folder = storeFolder();
  const keys = ["agent:main", "agent:main."];
  const { paths } = edgeCover(heartbeatWalk({ keys, vertices: "ordered" }));
  const waiting = new Map<string, Set<string>>();
  {
    using subject = createSubject(() => sqliteStore({ folder: folder.path }), NOW_MS);
    for (const [index, { events }] of paths.entries()) {
      const driver = heartbeatDriver(subject, `lane-${index}`, keys, events);
      for (const step of events.keys()) driver.play(step);
      for (const [key, ids] of driver.queued) waiting.set(key, new Set(ids));
    }
    subject.host.journal.flush();
  }
  const queued = [...waiting.values()].reduce((sum, ids) => sum + ids.size, 0);
  expect(queued).toBeGreaterThan(paths.length / 2);

  const working = new Set<string>();
  const clock = simulatedClock({ startMs: NOW_MS });
  const host = createHost(
    resolveOptions({
      store: sqliteStore({ folder: folder.path }),
      clock,
      laneOf,
      run: async ({ sessionKey, lane, events }) => {
        expect(working.has(lane), `two runs at once in ${lane}`).toBe(false);
        working.add(lane);
        await new Promise<void>((resolve) => void clock.setTimer(5, resolve));
        working.delete(lane);
        for (const { eventId } of events) {
          expect(waiting.get(sessionKey)?.delete(eventId), `${eventId} is not for ${sessionKey}`).toBe(true);
        }
        return { status: "ran" };
      },
    }),
  );
  while (await clock.next());
  expect([...waiting].filter(([, ids]) => ids.size > 0)).toEqual([]);
  for (const { actor } of host.world.heartbeats.values()) expect(actor.value).toBe("idle");
  for (const { actor } of host.world.sessions.values()) expect(actor.value).toBe("empty");
  expect(host.counts["run.failed"] ?? 0).toBeGreaterThan(0);
  expect(host.failure).toBeNull();
  const stopped = host.stop(0);
  await clock.settle();
  await stopped;
});
