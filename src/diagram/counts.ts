import type { Move } from "../past.ts";
import { ANY } from "./chart.ts";
import type { ArrowPath, Layout } from "./layout.ts";

/** What moved, as far as an arrow shows it. */
type Way = Pick<Move, "event" | "from" | "to">;

/** How often each line of each arrow was taken: by the arrow's place in the layout, then by event. */
export function countsOf(layout: Layout, ways: Iterable<Way>): readonly ReadonlyMap<string, number>[] {
  const counts = layout.arrows.map(() => new Map<string, number>());
  for (const way of ways) {
    const lines = counts[arrowOf(layout, way)];
    lines?.set(way.event, (lines.get(way.event) ?? 0) + 1);
  }
  return counts;
}

/** The arrow that a way took: one of its own state, else one of any state; -1 for none. */
export function arrowOf({ arrows }: Layout, { event, from, to }: Way): number {
  const says = ({ transitions }: ArrowPath): boolean => transitions.some((line) => line.event === event);
  const own = arrows.findIndex((arrow) => arrow.from === from && arrow.to === to && says(arrow));
  if (own !== -1) return own;
  const leadsThere = (arrow: ArrowPath): boolean => arrow.to === to || (arrow.to === ANY && from === to);
  return arrows.findIndex((arrow) => arrow.from === ANY && leadsThere(arrow) && says(arrow));
}
