import type { Intent, Route } from "../vocabulary.ts";

/** What a run answers to: its batch, oldest first, how it was woken, and where its session's user was last. */
export interface RouteFacts {
  readonly events: readonly { readonly route?: Route }[];
  readonly intent: Intent;
  /** The route of the session's last user turn. */
  readonly lastRoute: Route | undefined;
  /** What a regular beat without events does: goes to the last route, or nowhere. */
  readonly target: "last" | "none";
}

export type RouteChoice =
  | { readonly route: Route }
  /** `target-none`: it was told to go nowhere. `no-target`: nobody ever said where to. */
  | { readonly route: null; readonly why: "no-target" | "target-none" };

/**
 * Where a reply goes. The newest event of the batch that brings a route decides; else the session's own last user route,
 * never another session's. With `target: "none"` a scheduled beat without events says nothing, while the end of
 * background work still finds its way back (OpenClaw #21682).
 */
export function routeOf({ events, intent, lastRoute, target }: RouteFacts): RouteChoice {
  const route = events.findLast((event) => event.route !== undefined)?.route;
  if (route !== undefined) return { route };
  if (target === "none" && intent === "scheduled" && events.length === 0)
    return { route: null, why: "target-none" };
  return lastRoute === undefined ? { route: null, why: "no-target" } : { route: lastRoute };
}

/** One name for one destination: the same fields with the same values, in whatever order. */
export const destinationOf = (route: Route): string =>
  JSON.stringify(Object.entries(route).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)));
