/** How urgent a wake is. */
export type Intent = "scheduled" | "task" | "event" | "immediate" | "manual";

/** Which policy holds a wake back. */
export type Hold = "quiet-hours" | "cooldown" | "flood" | "budget" | "self-wake" | "circuit-open";

/** Which intents a hold does not concern: an operator's own word passes all of them. */
const EXEMPT: Readonly<Record<Hold, readonly Intent[]>> = {
  "quiet-hours": ["manual", "immediate"],
  cooldown: ["manual", "immediate"],
  flood: ["manual"],
  budget: ["manual"],
  "self-wake": ["manual"],
  "circuit-open": ["manual"],
};

export const passes = (intent: Intent, hold: Hold): boolean => EXEMPT[hold].includes(intent);
