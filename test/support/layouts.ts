import ELK from "elkjs";
import type { ElkExtendedEdge, ElkNode } from "elkjs";
import { chartOf, lineText, type Arrow, type Chart } from "../../src/diagram/chart.ts";
import { CHAR_PX, LINE_PX } from "../../src/diagram/metrics.ts";
import type { ArrowPath, Box, Layout, Point } from "../../src/diagram/layout.ts";
import { MACHINES } from "../../src/diagram/machines.ts";

/** Written by `npm run diagrams`; a test holds it current. */
export const LAYOUTS_FILE = "src/diagram/layouts.json";

/** Room for how often a way was taken. */
const COUNT_CHARS = 6;
/** Wide enough for its name, and for its arrows to keep apart. */
const STATE_PX = { width: 168, height: 48 };
const OPTIONS = {
  "elk.algorithm": "layered",
  "elk.direction": "DOWN",
  "elk.edgeRouting": "ORTHOGONAL",
  "elk.padding": "[top=24,left=24,bottom=24,right=24]",
  // The initial state first: most arrows then point down.
  "elk.layered.cycleBreaking.strategy": "MODEL_ORDER",
  "elk.layered.spacing.nodeNodeBetweenLayers": "44",
  "elk.layered.spacing.edgeNodeBetweenLayers": "22",
  "elk.layered.spacing.edgeEdgeBetweenLayers": "14",
  "elk.spacing.nodeNode": "60",
  "elk.spacing.edgeEdge": "18",
  "elk.spacing.edgeNode": "24",
  "elk.spacing.edgeLabel": "5",
  "elk.layered.nodePlacement.strategy": "NETWORK_SIMPLEX",
};

export async function layoutsFile(): Promise<string> {
  const layouts = await Promise.all(
    Object.entries(MACHINES).map(
      async ([name, machine]) => [name, await layoutOf(chartOf(machine))] as const,
    ),
  );
  const lines = layouts.map(([name, layout]) => `"${name}": ${JSON.stringify(layout)}`);
  return `{\n${lines.join(",\n")}\n}\n`;
}

async function layoutOf(chart: Chart): Promise<Layout> {
  const placed: ElkNode = await new ELK.default().layout({
    id: chart.machine,
    layoutOptions: OPTIONS,
    children: chart.states.map((name) => ({ id: name, ...STATE_PX })),
    edges: chart.arrows.map((arrow) => ({
      id: `${arrow.from} -> ${arrow.to}`,
      sources: [arrow.from],
      targets: [arrow.to],
      labels: [labelOf(arrow)],
    })),
  });
  return {
    machine: chart.machine,
    width: Math.ceil(placed.width ?? 0),
    height: Math.ceil(placed.height ?? 0),
    initial: chart.initial,
    states: (placed.children ?? []).map((node) => ({ name: node.id, ...boxOf(node) })),
    arrows: chart.arrows.map((arrow, index) => pathOf(arrow, placed.edges?.[index])),
  };
}

function labelOf({ transitions }: Arrow) {
  const lines = transitions.map(lineText);
  const chars = Math.max(...lines.map(({ length }) => length)) + COUNT_CHARS;
  return { text: lines.join("\n"), width: Math.ceil(chars * CHAR_PX), height: lines.length * LINE_PX };
}

function pathOf({ from, to, transitions }: Arrow, edge: ElkExtendedEdge | undefined): ArrowPath {
  const section = edge?.sections?.[0];
  const label = edge?.labels?.[0];
  if (section === undefined || label === undefined) throw new Error(`no way from ${from} to ${to}`);
  const { startPoint, bendPoints = [], endPoint } = section;
  return {
    from,
    to,
    points: [startPoint, ...bendPoints, endPoint].map(rounded),
    label: boxOf(label),
    transitions,
  };
}

const boxOf = ({ x = 0, y = 0, width = 0, height = 0 }: Partial<ElkNode>): Box => ({
  ...rounded({ x, y }),
  width,
  height,
});

const rounded = ({ x, y }: Point): Point => ({ x: Math.round(x * 10) / 10, y: Math.round(y * 10) / 10 });
