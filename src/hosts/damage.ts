import { LubdubError } from "../errors.ts";

/**
 * What is damaged in a store concerns itself alone: it is named, and its neighbours go on.
 * @returns undefined when what the work read is damaged
 * @throws everything else
 */
export function unlessDamaged<T>(work: () => T, onDamage: (error: LubdubError) => void): T | undefined {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof LubdubError && error.code === "LUBDUB_STORE_CORRUPT")) throw error;
    onDamage(error);
    return undefined;
  }
}
