import { useEffect } from "preact/hooks";
import type { WaitingPage } from "../../api.ts";
import { call } from "./api.ts";
import { useLive, type Loaded } from "./live.ts";

/** The first look through very many lanes takes longer: what was found by then is shown. */
export const PATIENCE_MS = 250;

export type Totals = Pick<WaitingPage, "waiting" | "running" | "dead" | "lookedThrough">;

/** What the whole page says at all times, in its title too: what waits, and what was given up. */
export function useTotals(view: string): Loaded<Totals> {
  const path = `/v1/waiting?limit=1&patienceMs=${PATIENCE_MS}`;
  const loaded = useLive("totals", (signal) => call<Totals>(path, { signal }), undefined, isPartly);
  const { dead = 0 } = loaded.value ?? {};
  useEffect(() => {
    document.title = `${dead > 0 ? `(${dead} dead) ` : ""}${view} · Lubdub`;
  }, [dead, view]);
  return loaded;
}

/** More is found with each look. */
export const isPartly = ({ lookedThrough }: Pick<WaitingPage, "lookedThrough">): boolean => lookedThrough < 1;
