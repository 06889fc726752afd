import { agentOf, stepAgent } from "../core/step-agent.ts";
import { actorsOf, placeOf, step, type Place } from "../core/step.ts";
import type { LogRecord } from "../core/records.ts";
import type { Source, World } from "../core/world.ts";
import type { LubdubError } from "../errors.ts";
import type { Store } from "../log/store.ts";
import { unlessDamaged } from "./damage.ts";
import { asStoreError } from "./failures.ts";
import { eraseSession, storedActors } from "./stored.ts";

/**
 * Takes the state from the disk: snapshots as of the newest checkpoint, and the log after it. A session that cannot be read
 * is set aside with its lane, or with its schedule: nothing moves it until it can be read, and no checkpoint leaves behind
 * the records that it has missed. All others are served.
 */
export class Recovery {
  /** Where actors come from that are not live. */
  readonly source: Source;
  readonly #store: Store;
  readonly #missed = new Map<string, LubdubError>();
  /** Whether something is left that a session which was forgotten has asked to erase. */
  #owesErasure = false;

  constructor(store: Store) {
    this.#store = store;
    const stored = storedActors(store);
    this.source = (kind, key) => {
      const error = this.#missed.get(nameOf(kind, key));
      if (error !== undefined) throw error;
      return stored(kind, key);
    };
  }

  /** Whether every record of the log has been folded, and all that was forgotten is erased. */
  get isWhole(): boolean {
    return this.#missed.size === 0 && !this.#owesErasure;
  }

  /**
   * @param setAside - told of each lane or schedule that could not be read
   * @throws LubdubError when the log itself cannot be read, or was written by a newer version
   */
  replay(world: World, setAside: (place: Place, error: LubdubError) => void): void {
    const store = this.#store;
    this.#missed.clear();
    this.#owesErasure = false;
    for (const record of store.read({ after: store.checkpoint() })) {
      try {
        actorsOf(world, record);
      } catch (error) {
        const cause = asStoreError(error);
        if (cause.code === "LUBDUB_STORE_NEWER") throw cause;
        setAside(this.#miss(world, record, cause), cause);
        continue;
      }
      step(world, record);
      if (record.type !== "session.forgotten") continue;
      unlessDamaged(
        () => eraseSession(store, record),
        (error) => {
          this.#owesErasure = true;
          setAside({ kind: "heartbeat", key: world.laneOf(record.sessionKey) }, error);
        },
      );
    }
  }

  #miss(world: World, record: LogRecord, cause: LubdubError): Place {
    const { sessionKey } = record;
    const place = placeOf(record, { lane: world.laneOf(sessionKey) });
    for (const [kind, key] of [["session", sessionKey] as const, [place.kind, place.key] as const])
      this.#missed.set(nameOf(kind, key), cause);
    world.evictSession(sessionKey);
    if (place.kind === "heartbeat") world.evictHeartbeat(place.key);
    else if (place.kind === "schedule") world.schedules.evict(place.key);
    else world.deliveries.evict(place.key);
    const agentId = agentOf(record);
    // An agent counts for all its sessions: it is not behind because one of them cannot be read.
    if (agentId !== undefined && !canRead(() => stepAgent(world, record)))
      this.#missed.set(nameOf("agent", agentId), cause);
    return place;
  }
}

function canRead(look: () => unknown): boolean {
  try {
    look();
    return true;
  } catch {
    return false;
  }
}

const nameOf = (kind: string, key: string): string => `${kind} ${key}`;
