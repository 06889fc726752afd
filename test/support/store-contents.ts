import type { ActorKind, Store } from "../../src/log/store.ts";

/** Everything that a store tells, as plain data. @throws LubdubError when some of it is damaged */
export function contentsOf(store: Store): readonly unknown[] {
  const snapshots = (kind: ActorKind, withDeadLetters = false) =>
    [...store.keys({ kind, limit: 10_000, withDeadLetters })].map((key) => store.snapshot(kind, key));
  return [
    store.head(),
    store.base(),
    store.checkpoint(),
    [...store.read()],
    snapshots("session"),
    snapshots("session", true),
    snapshots("heartbeat"),
    [...store.deadlines("heartbeat")],
  ];
}
