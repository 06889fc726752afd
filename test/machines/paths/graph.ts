import {
  initialTransition,
  transition,
  type AnyStateMachine,
  type EventFromLogic,
  type SnapshotFrom,
} from "xstate";
import { getAdjacencyMap, getShortestPaths } from "xstate/graph";

/** One way through a machine: the shortest path to a state, and on by events out of it. */
export interface Path<Machine extends AnyStateMachine> {
  readonly events: readonly EventFromLogic<Machine>[];
  /** The machine's snapshot after each event. */
  readonly snapshots: readonly SnapshotFrom<Machine>[];
}

export interface EdgeCover<Machine extends AnyStateMachine> {
  readonly vertices: number;
  readonly edges: number;
  readonly paths: readonly Path<Machine>[];
  /** Declared transitions (state, event, which of the event's branches) that no path takes. */
  readonly untaken: readonly string[];
}

export interface Walk<Machine extends AnyStateMachine> {
  readonly machine: Machine;
  readonly input: unknown;
  readonly events: (snapshot: SnapshotFrom<Machine>) => readonly EventFromLogic<Machine>[];
  /** Equal for states that behave alike. */
  readonly vertexOf: (snapshot: SnapshotFrom<Machine>) => string;
}

/**
 * Every reachable state and every event out of it, as paths from the beginning. Simple paths would not do: they never
 * come back to a state, so that they miss every event that closes a loop.
 */
export function edgeCover<Machine extends AnyStateMachine>(walk: Walk<Machine>): EdgeCover<Machine> {
  const { machine, input, events, vertexOf } = walk;
  const options = { input, events, serializeState: vertexOf } as never;
  const adjacency = getAdjacencyMap(machine, options);
  const taken = new Set<string>();
  const paths: Path<Machine>[] = [];
  const reached = new Set<string>();
  let walked = 0;
  for (const { steps } of getShortestPaths(machine, options)) {
    // The first step is xstate.init. Snapshots are made anew: those of symmetric states differ in the names of keys.
    const way = steps.slice(1).map(({ event }) => event as EventFromLogic<Machine>);
    const snapshots: SnapshotFrom<Machine>[] = [];
    let end = initialTransition(machine, input as never)[0] as SnapshotFrom<Machine>;
    for (const event of way) {
      end = transition(machine, end, event)[0] as SnapshotFrom<Machine>;
      snapshots.push(end);
    }
    reached.add(vertexOf(end));
    // What leaves the state as it is can be sent one after the other; what leads on has a path of its own.
    const loops: EventFromLogic<Machine>[] = [];
    for (const event of events(end)) {
      walked += 1;
      for (const edge of edgesTaken(machine, end, event)) taken.add(edge);
      const after = transition(machine, end, event)[0] as SnapshotFrom<Machine>;
      if (vertexOf(after) === vertexOf(end)) loops.push(event);
      else paths.push({ events: [...way, event], snapshots: [...snapshots, after] });
    }
    if (loops.length > 0)
      paths.push({ events: [...way, ...loops], snapshots: [...snapshots, ...loops.map(() => end)] });
  }
  const vertices = Object.keys(adjacency).length;
  if (reached.size !== vertices) throw new Error(`reached ${reached.size} of ${vertices} states`);
  const edges = Object.values(adjacency).reduce(
    (sum, { transitions }) => sum + Object.keys(transitions).length,
    0,
  );
  if (edges !== walked) throw new Error(`walked ${walked} of ${edges} edges`);
  return { vertices, edges, paths, untaken: declared(machine).filter((edge) => !taken.has(edge)) };
}

/** Each branch of each event in each state, transitions of the whole machine counted in every state. */
function declared({ root }: AnyStateMachine): string[] {
  const ofRoot = [...root.transitions.values()].flat();
  return Object.values(root.states).flatMap((state) =>
    [...[...state.transitions.values()].flat(), ...ofRoot].map((branch) => nameOf(state.key, branch, root)),
  );
}

function edgesTaken(machine: AnyStateMachine, snapshot: unknown, event: unknown): string[] {
  const { value } = snapshot as { readonly value: string };
  return machine
    .getTransitionData(snapshot as never, event as never)
    .map((branch) => nameOf(value, branch, machine.root));
}

type Branch = ReturnType<AnyStateMachine["getTransitionData"]>[number];

function nameOf(state: string, branch: Branch, root: AnyStateMachine["root"]): string {
  const siblings = [...branch.source.transitions.values()].find((found) => found.includes(branch)) ?? [];
  const scope = branch.source === root ? " (any state)" : "";
  return `${state} -- ${branch.eventType} #${siblings.indexOf(branch)}${scope}`;
}
