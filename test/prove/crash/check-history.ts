import type { Entry, Seen } from "./history.ts";

export interface HistoryReport {
  readonly violations: readonly string[];
  readonly sent: number;
  readonly acked: number;
  readonly runs: number;
  /** Runs that were begun again after their process had died: allowed, under the same wake id. */
  readonly repeated: number;
  /** Of these, the ones whose agent had done its work already: an agent that remembers wake ids does it once. */
  readonly effectsTwice: number;
}

/** Judges from outside: only what was sent, what was acknowledged and what the agent saw. It knows nothing of the log. */
export function checkHistory(entries: readonly Entry[]): HistoryReport {
  const checker = new Checker();
  for (const entry of entries) checker.take(entry);
  return checker.report();
}

interface Run {
  readonly wakeId: string;
  readonly runId: string;
  readonly attempt: number;
  /** Numbers of its events. */
  readonly holds: string;
  /** The number of the process that the agent lived in. */
  readonly process: number;
  state: "open" | "ran" | "not-ran";
  /** What its agent said, if it came to that: true for `ran`. Whether that was heard is not known before more is. */
  answer?: boolean;
}

class Checker {
  readonly #violations: string[] = [];
  readonly #keyOf = new Map<number, string>();
  readonly #acked = new Map<number, string>();
  readonly #accepted: { key: string; n: number; position: number }[] = [];
  readonly #runs = new Map<string, Run>();
  /** By key: what is open in this process. */
  readonly #open = new Map<string, Run>();
  readonly #lastRunOf = new Map<number, Run>();
  readonly #eventIds = new Map<number, string>();
  readonly #newest = new Map<string, number>();
  #process = 0;
  #repeated = 0;
  #effectsTwice = 0;
  #drained = false;

  take(entry: Entry): void {
    if (entry.type === "started") this.#takeStart(entry.process);
    else if (entry.type === "sent") this.#keyOf.set(entry.n, entry.key);
    else if (entry.type === "acked") this.#takeAck(entry);
    else if (entry.type === "run") this.#takeRun(entry);
    else if (entry.type === "answered") this.#takeAnswer(entry);
    else if (entry.type === "ended") this.#takeEnd(entry);
    else if (entry.type === "drained") this.#drained = true;
  }

  report(): HistoryReport {
    if (!this.#drained) this.#violation("L1 the queue was never emptied");
    for (const [n, eventId] of this.#acked) {
      const seenAs = this.#eventIds.get(n);
      if (seenAs === undefined) this.#violation(`S1 event ${n} (${eventId}) was accepted and never seen`);
      else if (seenAs !== eventId)
        this.#violation(`S4 event ${n} was accepted as ${eventId} and seen as ${seenAs}`);
    }
    this.#checkAcceptOrder();
    for (const [n, { state, answer }] of this.#lastRunOf) {
      if (state !== "ran" && answer !== true && this.#drained)
        this.#violation(`S8 event ${n} left the queue without a run that succeeded`);
    }
    return {
      violations: this.#violations,
      sent: this.#keyOf.size,
      acked: this.#acked.size,
      runs: this.#runs.size,
      repeated: this.#repeated,
      effectsTwice: this.#effectsTwice,
    };
  }

  /** Answers may come in another order than they were given; their positions tell. */
  #checkAcceptOrder(): void {
    const newest = new Map<string, number>();
    for (const { key, n, position } of this.#accepted.sort((a, b) => a.n - b.n)) {
      if (position <= (newest.get(key) ?? 0))
        this.#violation(
          `S10 event ${n} of ${key} was accepted at position ${position}, before an earlier one`,
        );
      newest.set(key, position);
    }
  }

  #takeStart(process: number): void {
    this.#process = process;
    this.#open.clear();
  }

  #takeAck({ key, n, eventId, position }: Extract<Entry, { type: "acked" }>): void {
    const before = this.#acked.get(n);
    if (before !== undefined && before !== eventId)
      this.#violation(`S9 event ${n} was accepted as ${before} and as ${eventId}`);
    this.#acked.set(n, eventId);
    if (before === undefined) this.#accepted.push({ key, n, position });
  }

  #takeRun({ key, wakeId, runId, attempt, events }: Extract<Entry, { type: "run" }>): void {
    const open = this.#open.get(key);
    // The next run of a lane says that the answer to the one before was heard.
    if (open?.answer !== undefined) open.state = open.answer ? "ran" : "not-ran";
    else if (open !== undefined) this.#violation(`S5 run ${runId} of ${key} overlaps ${open.runId}`);
    if (this.#runs.has(runId)) this.#violation(`S9 run ${runId} was begun twice`);
    const holds = events.map(({ n }) => n).join();
    const run: Run = { wakeId, runId, attempt, holds, process: this.#process, state: "open" };
    const before = new Set(events.map((event) => this.#see(key, event, run)));
    for (const interrupted of before) if (interrupted !== undefined) this.#checkRepeat(interrupted, run);
    this.#runs.set(runId, run);
    this.#open.set(key, run);
  }

  /** What came back after its process had died: the same events, under the same wake id, as a later attempt. */
  #checkRepeat(before: Run, run: Run): void {
    this.#repeated++;
    // Busy and failed answers form the batch anew, or end the wake, if they were heard.
    if (before.answer === false) return;
    if (before.answer === true) this.#effectsTwice++;
    if (before.wakeId !== run.wakeId)
      this.#violation(
        `S9 run ${before.runId} was interrupted as wake ${before.wakeId} and came back as ${run.wakeId}`,
      );
    if (before.holds !== run.holds)
      this.#violation(
        `S9 wake ${run.wakeId} was interrupted with events ${before.holds} and came back with ${run.holds}`,
      );
    if (before.attempt >= run.attempt)
      this.#violation(`S9 wake ${run.wakeId} came back as attempt ${run.attempt} after ${before.attempt}`);
  }

  /** @returns the run that had it before and that its process did not live to end */
  #see(key: string, { n, sentTo, key: under, eventId }: Seen, run: Run): Run | undefined {
    const sent = this.#keyOf.get(n);
    if (sent === undefined || sent !== sentTo)
      this.#violation(`S3 event ${n} was seen by ${key} and never sent`);
    if (sentTo !== key || under !== key) this.#violation(`S3 event ${n} for ${sentTo} was seen by ${key}`);
    if ((this.#eventIds.get(n) ?? eventId) !== eventId)
      this.#violation(`S9 event ${n} was seen under two ids`);
    this.#eventIds.set(n, eventId);
    const before = this.#lastRunOf.get(n);
    this.#lastRunOf.set(n, run);
    if (before === undefined) {
      if (n < (this.#newest.get(key) ?? 0))
        this.#violation(`S10 event ${n} of ${key} was seen after a later one`);
      this.#newest.set(key, Math.max(n, this.#newest.get(key) ?? 0));
      return undefined;
    }
    if (before.state === "ran")
      this.#violation(`S9 event ${n} was seen again after ${before.runId} had ended well`);
    if (before.state === "open" && before.process === run.process)
      this.#violation(`S9 event ${n} is in ${before.runId} and in ${run.runId}`);
    return before.state === "open" ? before : undefined;
  }

  #takeAnswer({ runId, ran }: Extract<Entry, { type: "answered" }>): void {
    const run = this.#runs.get(runId);
    if (run === undefined) return this.#violation(`S2 run ${runId} was answered and never begun`);
    run.answer = ran;
  }

  #takeEnd({ runId, ran }: Extract<Entry, { type: "ended" }>): void {
    const run = this.#runs.get(runId);
    if (run === undefined) return this.#violation(`S2 run ${runId} ended and was never begun`);
    run.state = ran ? "ran" : "not-ran";
    for (const [key, open] of this.#open) if (open === run) this.#open.delete(key);
  }

  #violation(message: string): void {
    if (this.#violations.length < VIOLATIONS_MAX) this.#violations.push(message);
  }
}

const VIOLATIONS_MAX = 20;
