import type { AnyStateNode } from "xstate";

/** A transition as it is drawn: `to` is null when it goes nowhere. */
export interface Transition {
  readonly to: AnyStateNode | null;
  /** `always` for one that waits for no event. */
  readonly event: string;
  readonly guard: string | null;
}

/** What a state declares itself, in the order in which it is tried. */
export function transitionsOf(node: AnyStateNode): readonly Transition[] {
  const declared = [...[...node.transitions.values()].flat(), ...(node.always ?? [])];
  return declared.flatMap(({ eventType, guard, target }) =>
    (target ?? [null]).map((to) => ({
      to,
      event: eventType === "" ? "always" : eventType,
      guard: guard === undefined ? null : guardName(guard),
    })),
  );
}

function guardName(guard: unknown): string {
  if (typeof guard === "string") return guard;
  if (typeof guard === "object" && guard !== null && "type" in guard) return String(guard.type);
  if (typeof guard !== "function") return String(guard);
  const parts = "guards" in guard && Array.isArray(guard.guards) ? guard.guards : null;
  const name = guard.name === "" ? "guard" : guard.name;
  return parts === null ? name : `${name}(${parts.map(guardName).join(", ")})`;
}
