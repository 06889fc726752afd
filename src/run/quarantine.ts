import type { Place } from "../core/step.ts";
import type { LubdubError } from "../errors.ts";
import type { Clock } from "./clock.ts";

/** What could not be read is looked at again after this: the fault may have passed, or been mended. */
const READ_AGAIN_MS = 60_000;

/** Lanes and schedules that could not be read from the store: set aside, and looked at again after a pause. All others go on. */
export class Quarantine {
  readonly #clock: Clock;
  readonly #lookAgain: () => void;
  readonly #places = new Map<string, Place>();
  readonly #errors = new Map<string, LubdubError>();
  #cancel: (() => void) | null = null;

  constructor(clock: Clock, lookAgain: () => void) {
    this.#clock = clock;
    this.#lookAgain = lookAgain;
  }

  /** Why, by the name of the lane; of a schedule or a delivery, its kind and its id. */
  get errors(): ReadonlyMap<string, LubdubError> {
    return this.#errors;
  }

  add(place: Place, error: LubdubError): void {
    const name = place.kind === "heartbeat" ? place.key : `${place.kind} ${place.key}`;
    this.#places.set(name, place);
    this.#errors.set(name, error);
    this.#cancel ??= this.#clock.setTimer(READ_AGAIN_MS, () => {
      this.#cancel = null;
      this.#lookAgain();
    });
  }

  /** Forgets and answers what was set aside. What still cannot be read comes back in the same turn. */
  release(): readonly Place[] {
    const places = [...this.#places.values()];
    this.#places.clear();
    this.#errors.clear();
    return places;
  }

  close(): void {
    this.#cancel?.();
  }
}
