import type { AnyStateMachine, AnyStateNode } from "xstate";
import { transitionsOf } from "./transitions.ts";

/** Where transitions of the whole machine start that stay in whatever state it is in. */
export const ANY = "any state";

/** A machine as states and arrows: what is drawn, without where. */
export interface Chart {
  /** Id and version of the machine. */
  readonly machine: string;
  readonly initial: string;
  /** In the machine's order; `any state` last, if something starts there. */
  readonly states: readonly string[];
  /** At most one for each pair of states. */
  readonly arrows: readonly Arrow[];
}

/** All transitions from one state to another. */
export interface Arrow {
  readonly from: string;
  readonly to: string;
  readonly transitions: readonly ArrowLine[];
}

/** One event that takes this way; with the guards of its branches that lead here. */
export interface ArrowLine {
  readonly event: string;
  readonly guards: readonly string[];
}

/** @param machine - one without nested states, as all of ours are */
export function chartOf({ id, root }: AnyStateMachine): Chart {
  const nodes = Object.values(root.states);
  const initial = root.initial.target?.[0]?.key;
  if (initial === undefined || nodes.some(({ states }) => Object.keys(states).length > 0)) {
    throw new TypeError(`${id} has nested states: only Mermaid draws those`);
  }
  const arrows = new Map<string, Arrow & { readonly transitions: ArrowLine[] }>();
  const draw = (from: string, node: AnyStateNode): void => {
    for (const { to, event, guard } of transitionsOf(node)) {
      const target = to?.key ?? from;
      const name = `${from} ${target}`;
      const arrow = arrows.get(name) ?? { from, to: target, transitions: [] };
      arrows.set(name, arrow);
      addTo(arrow.transitions, event, guard);
    }
  };
  for (const node of nodes) draw(node.key, node);
  draw(ANY, root);
  const isAny = [...arrows.values()].some(({ from }) => from === ANY);
  return {
    machine: id,
    initial,
    states: [...nodes.map(({ key }) => key), ...(isAny ? [ANY] : [])],
    arrows: [...arrows.values()],
  };
}

function addTo(lines: ArrowLine[], event: string, guard: string | null): void {
  const guards = guard === null ? [] : [guard];
  const at = lines.findIndex((line) => line.event === event);
  const known = lines[at];
  if (known === undefined) lines.push({ event, guards });
  else lines[at] = { event, guards: [...known.guards, ...guards] };
}

/** As it is written on an arrow. */
export const lineText = ({ event, guards }: ArrowLine): string =>
  guards.length === 0 ? event : `${event} [${guards.join(" / ")}]`;
