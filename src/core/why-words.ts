import type { HoldReason, Why } from "../vocabulary.ts";

/** What the sentence is made of. */
export type WhyFacts = Omit<Why, "sentence">;

/**
 * The sentence that says why a session is not awake yet, as of a moment. Pure, and the one place for these words: the command line,
 * the HTTP API and the pages say it with them. A page that counts down says it again with the time of its own.
 */
export function whySentence(why: WhyFacts, nowMs: number): string {
  const { code, untilMs, dead, times = 0, runId, ahead, failure } = why;
  if (untilMs !== null && untilMs <= nowMs) return "It is due and starts now.";
  const left = untilMs === null ? "a moment" : lengthOf(untilMs - nowMs);
  switch (code) {
    case "store-failed":
      return `The store has failed: ${failure} Nothing runs until it is opened again.`;
    case "running":
      return `It is awake: run ${runId} is going on.`;
    case "stopping":
      return "Lubdub is stopping; it runs after the next start.";
    case "user-turn":
      return "A user's turn holds the lane; it runs as soon as that ends.";
    case "waiting-for-lane":
      return ahead === undefined
        ? "It waits in the lane that was its own before `laneOf` changed; it comes over when that lane has its turn."
        : `Its lane is working for ${ahead}; it runs after that.`;
    case "waiting-for-slot":
      return "It is due and waits for a free slot: as many runs are going on as allowed.";
    case "coalescing":
      return `It waits ${left} more, so that what comes close together makes one run.`;
    case "busy":
      return `The agent was busy (${timesOf(times)}); it is asked again in ${left}, or as soon as it says that it is idle.`;
    case "gate-closed":
      return `Its gate says that there is nothing to do; its events are kept, and it is asked again in ${left}.`;
    case "gate-failed":
      return `Its gate could not be asked and counts as closed; its events are kept, and it is asked again in ${left}.`;
    case "backing-off":
      return `The run failed (${timesOf(times)}); the next try is in ${left}.`;
    case "dead-letters":
      return `Nothing is queued; ${dead} dead letter(s) wait to be requeued or dismissed.`;
    case "nothing-queued":
      return "Nothing is queued and nobody asked for a run.";
    case "quiet-hours":
    case "cooldown":
    case "flood":
    case "budget":
    case "self-wake":
    case "circuit-open":
      return `${HELD[code]}; it is kept, and looked at again in ${left}.`;
  }
}

/** What each policy says when it holds a wake back. */
const HELD: Readonly<Record<HoldReason, string>> = {
  "quiet-hours": "It is night: quiet hours hold it back",
  cooldown: "Its last run was a moment ago: the cooldown holds it back",
  flood: "Too many runs have started in a short time: the flood guard holds it back",
  budget: "What it may spend today is spent: the budget holds it back",
  "self-wake": "Its own runs have woken it again and again: it waits for something from outside",
  "circuit-open": "The agent refuses every call (key or quota): its circuit is open",
};

const timesOf = (count: number): string => (count === 1 ? "once" : `${count} times`);

/** As people say it: `8.2 s`, `45 min`, `16 h 9 min`. */
function lengthOf(ms: number): string {
  if (ms < 120_000) return `${(ms / 1_000).toFixed(1)} s`;
  const minutes = Math.ceil(ms / 60_000);
  return minutes < 120 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
