/** What an actor is and where it stands. Hosts pass live values by reference: the observer never changes them. */
export interface StartedActor {
  /** `heartbeat:<lane>`, `session:<key>`, ...: the same over restarts, unlike XState's session ids. */
  readonly id: string;
  readonly kind: "heartbeat" | "session" | "schedule" | "agent" | "delivery";
  /** For people. */
  readonly name: string;
  /** The heartbeat that a session belongs to. */
  readonly parentId?: string;
  /** `machine.config`; the same object for all actors of one machine. */
  readonly definition: unknown;
  readonly snapshot: ActorSnapshot;
}

/** Where an actor stands. */
export interface ActorSnapshot {
  readonly value: unknown;
  /** Must not be changed in place afterwards: it is read later. */
  readonly context: unknown;
}

/**
 * Sees live actors from the outside. It can slow nothing down and change nothing: a host calls it after the fact, and
 * only while `watching`.
 */
export interface ActorObserver {
  /** `false`: nobody looks. Check it first: a host that does pays one property read per event. */
  readonly watching: boolean;
  /**
   * Called once by a host at its start. `roster` lists the actors that are live at the moment it is iterated, parents
   * before children; it is asked whenever somebody begins to look, so that nothing has to be remembered until then.
   * @returns detaches: to be called when the host stops
   * @throws LubdubError `LUBDUB_OPTION_INVALID` when another host is attached
   */
  attach(roster: () => Iterable<StartedActor>): () => void;
  /** An actor became live: new, or taken from the store. */
  started(actor: StartedActor): void;
  /** It handled an event and now stands at `snapshot`. */
  moved(actor: { readonly id: string }, event: { readonly type: string }, snapshot: ActorSnapshot): void;
  /** It is not live any more. A session at rest comes back with `started` under the same id. */
  stopped(actor: { readonly id: string }): void;
}
