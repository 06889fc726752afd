import { useEffect } from "preact/hooks";
import type { WaitingPage } from "../../api.ts";
import { call } from "./api.ts";
import { useLive, type Loaded } from "./live.ts";

export type Totals = Pick<WaitingPage, "waiting" | "running" | "dead">;

/** What the whole page says at all times, in its title too: what waits, and what was given up. */
export function useTotals(view: string): Loaded<Totals> {
  const loaded = useLive("totals", (signal) => call<Totals>("/v1/waiting?limit=1", { signal }));
  const { dead = 0 } = loaded.value ?? {};
  useEffect(() => {
    document.title = `${dead > 0 ? `(${dead} dead) ` : ""}${view} · Lubdub`;
  }, [dead, view]);
  return loaded;
}
