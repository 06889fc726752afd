import { ANY } from "../../../diagram/chart.ts";
import { arrowOf, countsOf } from "../../../diagram/counts.ts";
import type { ArrowPath, Layout, StateBox } from "../../../diagram/layout.ts";
import { FONT_PX, LINE_PX } from "../../../diagram/metrics.ts";
import { pathOf } from "../../../diagram/path.ts";
import { labelAnchor } from "../../../diagram/label.ts";
import type { Move } from "../../../past.ts";

interface ChartProps {
  readonly layout: Layout;
  /** The state that the machine is in; null when there is no such actor. */
  readonly lit: string | null;
  /** The ways that were taken, and are counted. */
  readonly moves: readonly Move[];
  /** The way that was taken last. */
  readonly last: Move | undefined;
  /** It is only imagined. */
  readonly imagined: boolean;
}

/** A machine, with its state lit and its ways counted. */
export function Chart({ layout, lit, moves, last, imagined }: ChartProps) {
  const { width, height, states, arrows, machine } = layout;
  const counts = countsOf(layout, moves);
  const taken = last === undefined ? -1 : arrowOf(layout, last);
  const first = states.find(({ name }) => name === layout.initial);
  return (
    <div class="chart" tabIndex={0} role="region" aria-label={`Chart of ${machine}`}>
      <svg
        viewBox={`0 0 ${width} ${height}`}
        width={width}
        height={height}
        role="img"
        aria-label={`${machine}: ${lit ?? "no state"}`}
        data-imagined={imagined}
      >
        <defs>
          <marker
            id="head"
            viewBox="0 0 10 10"
            refX="9"
            refY="5"
            markerWidth="10"
            markerHeight="10"
            markerUnits="userSpaceOnUse"
            orient="auto-start-reverse"
          >
            <path class="head" d="M0,0 L10,5 L0,10 z" />
          </marker>
        </defs>
        {arrows.map(({ from, to, points }, index) => (
          <path
            key={`${from} ${to}`}
            class="arrow"
            data-taken={index === taken}
            marker-end="url(#head)"
            d={pathOf(points)}
          />
        ))}
        {first !== undefined && <circle class="initial" cx={first.x - 8} cy={first.y - 6} r="5" />}
        {states.map((state) => (
          <StateShape key={state.name} state={state} isLit={state.name === lit} />
        ))}
        {arrows.map((arrow, index) => (
          <Lines key={`${arrow.from} ${arrow.to}`} arrow={arrow} counts={counts[index]} />
        ))}
      </svg>
    </div>
  );
}

function StateShape({ state, isLit }: { readonly state: StateBox; readonly isLit: boolean }) {
  const { name, x, y, width, height } = state;
  return (
    <g class="state-shape" data-state={name} data-lit={isLit} data-any={name === ANY}>
      <rect x={x} y={y} width={width} height={height} rx="9" />
      <text x={x + width / 2} y={y + height / 2}>
        {name}
      </text>
    </g>
  );
}

interface LinesProps {
  readonly arrow: ArrowPath;
  readonly counts: ReadonlyMap<string, number> | undefined;
}

function Lines({ arrow: { from, to, label, points, transitions }, counts }: LinesProps) {
  const { x, anchor } = labelAnchor({ label, points });
  return (
    <g class="lines" data-arrow={`${from} > ${to}`}>
      {transitions.map(({ event, guards }, index) => {
        const count = counts?.get(event) ?? 0;
        return (
          <text
            key={event}
            x={x}
            text-anchor={anchor}
            y={label.y + index * LINE_PX + FONT_PX}
            data-taken={count > 0}
          >
            {event}
            {guards.length > 0 && <tspan class="guard"> [{guards.join(" / ")}]</tspan>}
            {count > 0 && <tspan class="times"> ×{count}</tspan>}
          </text>
        );
      })}
    </g>
  );
}
