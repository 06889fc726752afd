import type { Entry, Seen } from "./history.ts";

export interface HistoryReport {
  readonly violations: readonly string[];
  readonly sent: number;
  readonly acked: number;
  readonly runs: number;
  /** Runs that were begun again after their process had died: allowed, under the same wake id. */
  readonly repeated: number;
}

/** Judges from outside: only what was sent, what was acknowledged and what the agent saw. It knows nothing of the log. */
export function checkHistory(entries: readonly Entry[]): HistoryReport {
  const checker = new Checker();
  for (const entry of entries) checker.take(entry);
  return checker.report();
}

interface Run {
  readonly key: string;
  readonly wakeId: string;
  readonly runId: string;
  readonly process: number;
  state: "open" | "ran" | "not-ran";
}

class Checker {
  readonly #violations: string[] = [];
  readonly #sent = new Map<number, string>();
  readonly #acked = new Map<number, string>();
  readonly #positions = new Map<string, number>();
  readonly #runs = new Map<string, Run>();
  readonly #lastRunOf = new Map<number, Run>();
  readonly #newest = new Map<string, number>();
  #process = 0;
  #repeated = 0;
  #drained = false;

  take(entry: Entry): void {
    if (entry.type === "started") this.#process = entry.process;
    else if (entry.type === "sent") this.#sent.set(entry.n, entry.key);
    else if (entry.type === "acked") this.#takeAck(entry);
    else if (entry.type === "run") this.#takeRun(entry);
    else if (entry.type === "ended") this.#takeEnd(entry);
    else if (entry.type === "drained") this.#drained = true;
  }

  report(): HistoryReport {
    if (!this.#drained) this.#violation("L1 the queue was never emptied");
    for (const [n, eventId] of this.#acked) {
      if (!this.#lastRunOf.has(n)) this.#violation(`S1 event ${n} (${eventId}) was accepted and never seen`);
    }
    return {
      violations: this.#violations,
      sent: this.#sent.size,
      acked: this.#acked.size,
      runs: this.#runs.size,
      repeated: this.#repeated,
    };
  }

  #takeAck({ key, n, eventId, position }: Extract<Entry, { type: "acked" }>): void {
    const before = this.#acked.get(n);
    if (before !== undefined && before !== eventId)
      this.#violation(`S9 event ${n} was accepted as ${before} and as ${eventId}`);
    if (before === undefined && position <= (this.#positions.get(key) ?? 0))
      this.#violation(`S10 event ${n} was accepted at position ${position}, before an earlier one of ${key}`);
    this.#acked.set(n, eventId);
    this.#positions.set(key, Math.max(position, this.#positions.get(key) ?? 0));
  }

  #takeRun({ key, wakeId, runId, events }: Extract<Entry, { type: "run" }>): void {
    if (this.#runs.has(runId)) this.#violation(`S9 run ${runId} was begun twice`);
    for (const open of this.#runs.values()) {
      if (open.key === key && open.state === "open" && open.process === this.#process)
        this.#violation(`S5 run ${runId} of ${key} overlaps ${open.runId}`);
    }
    const run: Run = { key, wakeId, runId, process: this.#process, state: "open" };
    const repeats = events.map((event) => this.#see(event, run));
    if (repeats.includes(true)) this.#repeated++;
    // Only runs of this process can overlap, so older ones need not be looked through.
    for (const [id, { process }] of this.#runs) if (process < this.#process) this.#finished.set(id, this.#take(id));
    this.#runs.set(runId, run);
  }
}
