import type { ArrowPath } from "./layout.ts";

/** Where the lines of an arrow begin, or end: at the side of their box that lies at the arrow. */
export function labelAnchor({ label, points }: Pick<ArrowPath, "label" | "points">): {
  readonly x: number;
  readonly anchor: "start" | "end";
} {
  const middleY = label.y + label.height / 2;
  const centerX = label.x + label.width / 2;
  const beside = points.flatMap(({ x, y }, index) => {
    const next = points[index + 1];
    return next?.x === x && (y - middleY) * (next.y - middleY) <= 0 ? [x] : [];
  });
  const distance = (x: number): number => Math.abs(x - centerX);
  const nearest = beside.toSorted((a, b) => distance(a) - distance(b))[0] ?? label.x;
  return nearest > centerX ? { x: label.x + label.width, anchor: "end" } : { x: label.x, anchor: "start" };
}
