import type { Move, Step, Steps, StepsOptions } from "../past.ts";
import type { LogRecord } from "../core/records.ts";
import type { Watch } from "../core/step.ts";
import type { AnyEntry } from "../core/world.ts";
import { parseSessionKey } from "../intake/parse.ts";
import type { Host } from "./host.ts";
import { readInSteps } from "./in-steps.ts";
import { checkPosition, isHeld, pastOf, type Past } from "./past.ts";
import { checkRange } from "./views.ts";

/** Records that one answer looks at: none takes long. */
const LOOK_RECORDS_MAX = 40_000;
/** Texts of people in one answer, in characters of JSON; a step is never divided. */
const BODY_CHARS_MAX = 1_000_000;
const LIMIT_MAX = 1_000;
const LIMIT = 100;

/** What each record of a session moved, from the state at `after` on. */
export async function stepsOf(
  host: Host,
  { sessionKey, after = 0, limit = LIMIT }: StepsOptions,
): Promise<Steps> {
  const key = parseSessionKey(sessionKey);
  checkRange("limit", limit, 1, LIMIT_MAX);
  const { store } = host;
  const start = Math.max(after, store.base());
  checkPosition(host, start);
  const moves = new Moves();
  const past = await pastOf(host, start, key, {
    onLive: moves.onLive,
    watch: moves.watch,
    withAgent: false,
  });
  moves.take();
  const last = Math.min(store.head().position, start + LOOK_RECORDS_MAX);
  const steps: Step[] = [];
  let chars = 0;
  const range = { after: start, upTo: last, wanted: past.concerns };
  for await (const records of readInSteps(store, range, (at) => isHeld(host, at))) {
    for (const record of records) {
      past.fold(record);
      const moved = moves.take().filter(({ kind }) => kind !== "agent");
      // Its neighbours move its lane too, and are not its steps.
      if (record.sessionKey !== key) continue;
      steps.push(stepOf(past, key, record, moved));
      chars += record.body === null ? 0 : JSON.stringify(record.body).length;
      if (steps.length === limit || chars > BODY_CHARS_MAX)
        return { steps, upTo: record.position, lane: past.lane, states: statesOf(past, key) };
    }
  }
  return { steps, upTo: last, lane: past.lane, states: statesOf(past, key) };
}

export function stepOf(
  past: Pick<Past, "world" | "lane">,
  sessionKey: string,
  record: LogRecord,
  moves: readonly Move[],
): Step {
  return { record, moves, states: statesOf(past, sessionKey) };
}

const statesOf = ({ world, lane }: Pick<Past, "world" | "lane">, sessionKey: string): Step["states"] => ({
  session: world.session(sessionKey).actor.value,
  heartbeat: world.heartbeat(lane).actor.value,
});

/** Sees what moves in a world. */
export class Moves {
  readonly #known = new Map<AnyEntry, Pick<AnyEntry["actor"], "value" | "context">>();
  #moves: Move[] = [];

  readonly onLive = (entry: AnyEntry): void => this.#remember(entry);

  readonly watch: Watch = (entry, { type: event }) => {
    const before = this.#known.get(entry);
    const { value: to, context } = entry.actor;
    this.#remember(entry);
    // The machine ignores it in this state.
    if (before === undefined || (before.value === to && before.context === context)) return;
    this.#moves.push({ kind: entry.kind, key: entry.key, event, from: before.value, to });
  };

  /** Those since the last time. */
  take(): readonly Move[] {
    const moves = this.#moves;
    this.#moves = [];
    return moves;
  }

  #remember(entry: AnyEntry): void {
    const { value, context } = entry.actor;
    this.#known.set(entry, { value, context });
  }
}
