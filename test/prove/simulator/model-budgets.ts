import type { RunRan, RunStarted } from "../../../src/core/records.ts";
import type { Limits, RunLimits } from "../../../src/policy/limits.ts";
import { midnightAfter } from "./model-quiet.ts";
import { must } from "./promise.ts";

/** A start that counts, or tokens that were told, and when the day ends that they count for. */
interface Spent {
  /** Null for tokens. */
  readonly runId: string | null;
  readonly tokens: number;
  readonly endsMs: number;
}

/** Whose day and whose session a run belongs to. */
interface Who {
  readonly sessionKey: string;
  readonly agentId: string;
}

/** What is known of a moment: of the log's clock, and of the wall's. */
interface Moment {
  readonly atMs: number;
  readonly wallMs: number;
}

/**
 * The reference model of a day's budgets: each start, and whatever a run says that it has used, with the day that it counts for, as
 * lists. A day of an agent begins with the first of them after the one before is over, and ends at the next midnight, as the wall clock showed it then: it keeps its length.
 */
export class ModelBudgets {
  readonly #zone: string;
  readonly #daily: Readonly<Record<string, RunLimits["daily"]>>;
  readonly #count: (what: string) => void;
  readonly #ends = new Map<string, number>();
  readonly #spent = new Map<string, readonly Spent[]>();

  constructor({ zone = "UTC", session, agent }: Limits, count: (what: string) => void) {
    this.#zone = zone;
    this.#daily = { session: session?.daily, agent: agent?.daily };
    this.#count = count;
  }

  started({ facts }: RunStarted, who: Who, moment: Moment): void {
    const endsMs = this.#begun(who.agentId, moment);
    const told = facts.limits?.dayEndsAtMs;
    must(told === endsMs, `S17 a day ends at midnight: expected ${endsMs}, got ${told}`);
    this.#add(who, { runId: facts.runId, tokens: 0, endsMs });
  }

  /** What it has used counts once it is told, on that day. */
  ran({ facts: { runId, usage, dayEndsAtMs: told } }: RunRan, who: Who, moment: Moment): void {
    const endsMs = usage && this.#dayOf(who.agentId, moment);
    must(told === endsMs, `S17 tokens count for the day on which they are told: ${endsMs}, not ${told}`);
    if (usage === undefined || endsMs === undefined) return;
    const tokens = usage.inputTokens + usage.outputTokens;
    if (tokens === 0) return;
    this.#begun(who.agentId, moment);
    const began = this.#startOf(runId, who);
    if (began !== undefined && began.endsMs <= moment.atMs) this.#count("tokens of a run of the day before");
    this.#add(who, { runId: null, tokens, endsMs });
  }

  /** Nothing was done: it does not count, on the day on which it began. */
  skipped(runId: string, who: Who, atMs: number): void {
    const began = this.#startOf(runId, who);
    if (began !== undefined && began.endsMs <= atMs) this.#count("runs of the day before that were skipped");
    for (const name of namesOf(who)) {
      const spent = this.#spent.get(name) ?? [];
      this.#spent.set(
        name,
        spent.filter((start) => start.runId !== runId),
      );
    }
  }

  /** The end of the day on which everything is spent; -Infinity while something is left. */
  untilMs(who: Who, atMs: number): number {
    let untilMs = -Infinity;
    for (const name of namesOf(who)) {
      const today = (this.#spent.get(name) ?? []).filter(({ endsMs }) => endsMs > atMs);
      const [newest] = today.slice(-1);
      const [kind = ""] = name.split(" ");
      const { runs = Infinity, tokens = Infinity } = this.#daily[kind] ?? {};
      const started = today.filter(({ runId }) => runId !== null).length;
      const used = today.reduce((sum, spent) => sum + spent.tokens, 0);
      if (newest !== undefined && (started >= runs || used >= tokens)) untilMs = newest.endsMs;
    }
    return untilMs;
  }

  #add(who: Who, spent: Spent): void {
    for (const name of namesOf(who)) this.#spent.set(name, [...(this.#spent.get(name) ?? []), spent]);
  }

  #startOf(wanted: string, { agentId }: Who): Spent | undefined {
    return this.#spent.get(`agent ${agentId}`)?.find(({ runId }) => runId === wanted);
  }

  /** Something is spent: from now on the day keeps its length. */
  #begun(agentId: string, moment: Moment): number {
    const endsMs = this.#dayOf(agentId, moment);
    const before = this.#ends.get(agentId);
    if (before !== undefined && before !== endsMs) this.#count("days of a budget that were over");
    this.#ends.set(agentId, endsMs);
    return endsMs;
  }

  #dayOf(agentId: string, { atMs, wallMs }: Moment): number {
    const begunMs = this.#ends.get(agentId) ?? -Infinity;
    return begunMs > atMs ? begunMs : atMs + midnightAfter(wallMs, this.#zone) - wallMs;
  }
}

const namesOf = ({ sessionKey, agentId }: Who): readonly string[] => [
  `session ${sessionKey}`,
  `agent ${agentId}`,
];
