import type { Heartbeat } from "../../src/api.ts";
import { createHeartbeat } from "../../src/heartbeat.ts";
import { memoryStore } from "../../src/log/memory.ts";
import type { Store } from "../../src/log/store.ts";
import type { HeartbeatOptions } from "../../src/options.ts";
import { scriptedAgent, type ScriptedAgent } from "./agent.ts";
import { simulatedClock, type SimulatedClock } from "./simulated-clock.ts";

export interface TestHeart {
  readonly heartbeat: Heartbeat;
  readonly agent: ScriptedAgent;
  readonly clock: SimulatedClock;
  readonly store: Store;
  /** Awaits a call that needs the clock's turn to come. */
  readonly soon: <T>(promise: Promise<T>) => Promise<T>;
}

/** A heartbeat over a memory store, a scripted agent and a clock that is driven by hand. */
export function testHeart(
  options: Partial<HeartbeatOptions> = {},
  parts: Partial<TestHeart> = {},
): TestHeart {
  const clock = parts.clock ?? simulatedClock();
  const agent = parts.agent ?? scriptedAgent();
  const store = parts.store ?? memoryStore();
  const heartbeat = createHeartbeat({ run: agent.run, store, clock, ...options });
  return {
    heartbeat,
    agent,
    clock,
    store,
    soon: async (promise) => {
      promise.catch(() => {});
      await clock.settle();
      return promise;
    },
  };
}
