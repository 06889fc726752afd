import { LubdubError } from "../../src/errors.ts";
import { memoryStore } from "../../src/log/memory.ts";
import type { ActorKind, Store } from "../../src/log/store.ts";
import type { TestHeart } from "./world.ts";

/** A store that outlives its heartbeats. What is in `unreadable`, a kind or a kind and a key, cannot be read from it. */
export function faultyStore(
  breaksAt: (type: string, sessionKey: string) => string | undefined = () => undefined,
) {
  const inner = memoryStore();
  const unreadable = new Set<string>();
  const store: Store = {
    ...inner,
    snapshot(kind: ActorKind, key, upTo) {
      if (unreadable.has(kind) || unreadable.has(`${kind} ${key}`))
        throw new LubdubError("LUBDUB_STORE_CORRUPT", { expected: "what was written", got: "damage" });
      return inner.snapshot(kind, key, upTo);
    },
    append(batch) {
      inner.append(batch);
      for (const { type, sessionKey } of batch.records) {
        const name = breaksAt(type, sessionKey);
        if (name !== undefined) unreadable.add(name);
      }
    },
    close() {},
  };
  return { store, unreadable };
}

/** So few that an actor goes to rest on the disk in the very commit that moved it. */
export const AT_REST = { liveActorsMax: 1, checkpointRecords: 1, coalesceMs: 0 };
/** After this what could not be read is looked at again. */
export const PAUSE_MS = 61_000;

/** What the agent was given: key and texts. */
export const given = ({ agent }: TestHeart): string[] =>
  agent.calls.map(({ sessionKey, events }) => `${sessionKey}: ${events.map(({ text }) => text).join()}`);
/** Which lanes, schedules and deliveries are set aside. */
export const quarantined = async ({ heartbeat }: TestHeart): Promise<readonly string[]> =>
  ((await heartbeat.status()).quarantined ?? []).map(({ lane }) => lane);
