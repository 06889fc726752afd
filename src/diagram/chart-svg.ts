import { ANY } from "./chart.ts";
import { labelAnchor } from "./label.ts";
import type { ArrowPath, Layout, StateBox } from "./layout.ts";
import { FONT_PX, LINE_PX } from "./metrics.ts";
import { pathOf } from "./path.ts";
import { escaped, picture } from "./picture.ts";

/** Room for the name of a machine, above it. */
const HEADING_PX = 44;

/** Machines as one SVG that stands by itself, one below the other. */
export function chartsSvg(layouts: readonly Layout[]): string {
  const title = `The states of ${layouts.map(({ machine }) => machine).join(", ")}`;
  let height = 0;
  const charts = layouts.map((layout) => {
    const chart = `<g transform="translate(0,${height})"><text class="title" x="24" y="34">${escaped(layout.machine)}</text><g transform="translate(0,${HEADING_PX})">\n${chartOf(layout).join("\n")}\n</g></g>`;
    height += HEADING_PX + layout.height;
    return chart;
  });
  return picture({ width: Math.max(...layouts.map(({ width }) => width)), height, title }, charts);
}

function chartOf({ initial, states, arrows }: Layout): string[] {
  const first = states.find(({ name }) => name === initial);
  return [
    ...arrows.map(({ points }) => `<path class="arrow" marker-end="url(#head)" d="${pathOf(points)}"/>`),
    ...(first === undefined ? [] : [start(first)]),
    ...states.map(stateOf),
    ...arrows.map(labelOf),
  ];
}

function start({ x, y }: StateBox): string {
  const [fromX, fromY] = [x - 14, y - 10];
  return `<circle class="initial" cx="${fromX}" cy="${fromY}" r="5"/><path class="arrow" marker-end="url(#head)" d="M${fromX + 4},${fromY + 3} L${x + 3},${y + 3}"/>`;
}

function stateOf({ name, x, y, width, height }: StateBox): string {
  const words = `<text x="${x + width / 2}" y="${y + height / 2}">${escaped(name)}</text>`;
  return `<g class="state${name === ANY ? " any" : ""}"><rect x="${x}" y="${y}" width="${width}" height="${height}" rx="9"/>${words}</g>`;
}

function labelOf({ label, points, transitions }: ArrowPath): string {
  const { x, anchor } = labelAnchor({ label, points });
  const lines = transitions.map(({ event, guards }, index) => {
    const guard = guards.length === 0 ? "" : ` <tspan class="guard">[${escaped(guards.join(" / "))}]</tspan>`;
    return `<text x="${x}" text-anchor="${anchor}" y="${label.y + index * LINE_PX + FONT_PX}">${escaped(event)}${guard}</text>`;
  });
  return `<g class="label">${lines.join("")}</g>`;
}
