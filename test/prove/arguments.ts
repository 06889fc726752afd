import { parseArgs } from "node:util";
import { TIERS, type Part, type Tier } from "./part.ts";

export interface ProveArguments {
  readonly tier: Tier;
  readonly parts: readonly Part[];
  readonly seed?: number;
  readonly minutes?: number;
}

/** What the caller got wrong, in a sentence for people. */
export class UsageError extends Error {}

/** @throws UsageError that says what is expected, what was got and what to do */
export function parseArguments(args: readonly string[], parts: readonly Part[]): ProveArguments {
  const { tier, only, seed, minutes } = read(args);
  return {
    tier: parseTier(tier),
    parts: parseOnly(only, parts),
    ...parseSeed(seed),
    ...parseMinutes(minutes),
  };
}

function read(args: readonly string[]): { tier?: string; only?: string; seed?: string; minutes?: string } {
  const option = { type: "string" } as const;
  try {
    return parseArgs({
      args: [...args],
      options: { tier: option, only: option, seed: option, minutes: option },
    }).values;
  } catch (error) {
    throw new UsageError(
      `Expected [--tier ${TIERS.join("|")}] [--only NAME,...] [--seed N] [--minutes N]; got: ${(error as Error).message}`,
    );
  }
}

function parseTier(tier = "pr"): Tier {
  const known = TIERS.find((name) => name === tier);
  if (known === undefined)
    throw new UsageError(`Expected --tier to be ${TIERS.join(" or ")}; got "${tier}".`);
  return known;
}

function parseOnly(only: string | undefined, parts: readonly Part[]): readonly Part[] {
  if (only === undefined) return parts;
  const wanted = new Set(only.split(","));
  const chosen = parts.filter(({ name }) => wanted.delete(name));
  const [unknown] = wanted;
  if (unknown === undefined) return chosen;
  const names = parts.map(({ name }) => name).join(", ");
  throw new UsageError(
    `Expected --only to name parts (${names}), with commas between them; got "${unknown}".`,
  );
}

function parseSeed(seed: string | undefined): { seed?: number } {
  if (seed === undefined) return {};
  if (/^\d{1,10}$/.test(seed) && Number(seed) <= SEED_MAX) return { seed: Number(seed) };
  throw new UsageError(`Expected --seed to be a whole number from 0 to ${SEED_MAX}; got "${seed}".`);
}

function parseMinutes(minutes: string | undefined): { minutes?: number } {
  if (minutes === undefined) return {};
  if (/^\d{1,4}$/.test(minutes) && Number(minutes) >= 1 && Number(minutes) <= MINUTES_MAX)
    return { minutes: Number(minutes) };
  throw new UsageError(`Expected --minutes to be a whole number from 1 to ${MINUTES_MAX}; got "${minutes}".`);
}

/** A day. */
const MINUTES_MAX = 1_440;
const SEED_MAX = 4_294_967_295;
