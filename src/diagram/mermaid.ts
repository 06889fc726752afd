import { createMachine, type AnyStateMachine, type AnyStateNode } from "xstate";
import { transitionsOf } from "./transitions.ts";

/**
 * A machine as a Mermaid state diagram: states, and transitions as `event [guard]`.
 *
 * Transitions of a compound state that stay inside it (those of the whole machine too) start at a state named
 * "any state": Mermaid cannot draw an edge from a state into itself.
 *
 * @param machine - an XState 5 machine, or the config of one
 * @example mermaidOf(heartbeatMachine) // "stateDiagram-v2\n  [*] --> idle\n ..."
 */
export function mermaidOf(machine: AnyStateMachine | Parameters<typeof createMachine>[0]): string {
  const { root } = ("root" in machine ? machine : createMachine(machine)) as AnyStateMachine;
  return ["stateDiagram-v2", ...inside(root), ""].join("\n");
}

type Edge = { readonly from: string; readonly to: string; readonly label: string };

/** Everything within a compound state, one level deeper. */
function inside(node: AnyStateNode): string[] {
  const children = Object.values(node.states);
  const own = edgesOf(node).filter(({ to }) => to === null || isWithin(to, node));
  const any = `${idOf(node)}_any`;
  const lines = children.flatMap((child) => declared(child));
  const initial = node.type === "compound" ? node.initial.target?.[0] : undefined;
  if (initial !== undefined) lines.push(`[*] --> ${idOf(initial)}`);
  if (own.length > 0) lines.push(`state "any state" as ${any}`);
  for (const child of children) lines.push(...outgoing(child).map(drawn));
  for (const { to, label } of own) lines.push(drawn({ from: any, to: to === null ? any : idOf(to), label }));
  return lines.map((line) => `  ${line}`);
}

function declared(node: AnyStateNode): string[] {
  const id = idOf(node);
  const name = id === node.key ? [] : [`state "${plain(node.key)}" as ${id}`];
  if (node.type === "final") return [...name, `${id} --> [*]`];
  if (node.type === "history") return [`state "history" as ${id}`];
  const children = Object.values(node.states);
  if (children.length === 0) return name.length === 0 ? [id] : name;
  if (node.type !== "parallel") return [...name, `state ${id} {`, ...inside(node), "}"];
  const regions = children.flatMap((child, index) => [
    ...(index === 0 ? [] : ["  --"]),
    ...inParallel(child),
  ]);
  return [
    ...name,
    `state ${id} {`,
    ...regions,
    "}",
    ...children.flatMap((child) => outgoing(child).map(drawn)),
  ];
}

const inParallel = (region: AnyStateNode): string[] => declared(region).map((line) => `  ${line}`);

/** The transitions of a state that are drawn from it; those of a compound state that stay inside are drawn within. */
function outgoing(node: AnyStateNode): Edge[] {
  const hasInside = Object.keys(node.states).length > 0;
  return edgesOf(node)
    .filter(({ to }) => !hasInside || (to !== null && !isWithin(to, node)))
    .map(({ to, label }) => ({ from: idOf(node), to: idOf(to ?? node), label }));
}

const edgesOf = (node: AnyStateNode): { to: AnyStateNode | null; label: string }[] =>
  transitionsOf(node).map(({ to, event, guard }) => ({
    to,
    label: guard === null ? event : `${event} [${guard}]`,
  }));

const isWithin = (node: AnyStateNode, ancestor: AnyStateNode): boolean =>
  node === ancestor || (node.parent !== undefined && isWithin(node.parent, ancestor));

/** Unique in the diagram, and a plain word: Mermaid splits at anything else. */
const idOf = (node: AnyStateNode): string =>
  node.path.length === 0 ? "machine" : node.path.join("_").replaceAll(/[^A-Za-z0-9_]/g, "_");

const drawn = ({ from, to, label }: Edge): string => `${from} --> ${to}: ${plain(label)}`;

/** Mermaid takes `;` for a line's end, `#` and `:` for signs of its own. */
const plain = (text: string): string => text.replaceAll(/["#;:\r\n]/g, " ");
