import { AsyncLocalStorage } from "node:async_hooks";
import { positionOf } from "../core/ids.ts";
import type { Store } from "../log/store.ts";
import type { Cause } from "../vocabulary.ts";

/** Which run a call comes out of: what a run does, and what it leaves behind, wakes sessions in its name. */
export interface Attribution {
  during<T>(runId: string, fn: () => T): T;
  /** @param named - the run that the caller names; @default the run that the call is made in */
  readonly causeOf: (named?: string) => Cause | undefined;
}

export function createAttribution(store: Pick<Store, "recordAt">): Attribution {
  const going = new AsyncLocalStorage<string>();
  return {
    during: (runId, fn) => going.run(runId, fn),
    causeOf(named = going.getStore()) {
      return named === undefined ? undefined : { runId: named, depth: depthOf(store, named) + 1 };
    },
  };
}

/** A run that the log does not hold (any more) counts as one that something from outside had caused. */
function depthOf(store: Pick<Store, "recordAt">, runId: string): number {
  const position = positionOf(runId);
  const record = position === undefined ? undefined : store.recordAt(position);
  return record?.type === "run.started" && record.facts.runId === runId ? (record.facts.depth ?? 0) : 0;
}
