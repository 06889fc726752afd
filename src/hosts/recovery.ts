import { agentOf, stepAgent } from "../core/step-agent.ts";
import { actorsOf, placesOf, step, type Place } from "../core/step.ts";
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
        for (const place of this.#miss(world, record, cause)) setAside(place, cause);
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

  /** @returns what is unknown by now: the session too, whatever of the record could not be read */
  #miss(world: World, record: LogRecord, cause: LubdubError): readonly Place[] {
    const { sessionKey } = record;
    const lane = world.laneOf(sessionKey);
    const places = placesOf(record, { lane });
    this.#missed.set(nameOf("session", sessionKey), cause);
    world.evictSession(sessionKey);
    for (const { kind, key } of places) {
      this.#missed.set(nameOf(kind, key), cause);
      if (kind === "heartbeat") world.evictHeartbeat(key);
      else if (kind === "schedule") world.schedules.evict(key);
      else world.deliveries.evict(key);
    }
    const agentId = agentOf(record);
    // An agent counts for all its sessions: it is not behind because one of them cannot be read.
    if (agentId !== undefined && !canRead(() => stepAgent(world, record)))
      this.#missed.set(nameOf("agent", agentId), cause);
    return [{ kind: "heartbeat", key: lane }, ...places];
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
