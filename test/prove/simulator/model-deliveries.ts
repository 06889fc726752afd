import { isDeepStrictEqual } from "node:util";
import { isDeliveryRecord, type DeliveryRecord, type LogRecord } from "../../../src/core/records.ts";
import type { Route } from "../../../src/vocabulary.ts";
import type { ModelRun, RecordOf } from "./model-session.ts";
import { must } from "./promise.ts";

/** What one delivery must look like. */
export interface ModelDelivery {
  readonly deliveryId: string;
  readonly sessionKey: string;
  readonly route: Route;
  readonly text: string;
  readonly state: "waits" | "is sent" | "dead";
  readonly attempts: number;
  /** Not sent before this moment. */
  readonly dueMs: number;
  readonly expiresMs: number;
}

/** What a run's end owes: the very next record. */
interface Owed {
  readonly runId: string;
  readonly route: Route;
  readonly text: string;
}

interface Limits {
  readonly maxAttempts: number;
  readonly outboxMax: number;
  /** How long the store may take between a decision and its record, in milliseconds. */
  readonly slowMsMax: number;
}

/** The reference model of replies that go out: a list in the order in which they must be sent. */
export class ModelDeliveries {
  /** In line, oldest first; the dead ones too. */
  line: readonly ModelDelivery[] = [];
  /** What the store could not read at some time, a kind and a key: nobody knows where a delivery goes that is set aside, so others go first. */
  readonly unread = new Set<string>();
  readonly #limits: Limits | null;
  readonly #count: (what: string) => void;
  readonly #routes = new Map<string, Route | undefined>();
  readonly #lastRoutes = new Map<string, Route>();
  #owed: Owed | null = null;

  /** @param limits - null: nothing is delivered at all */
  constructor(limits: Limits | null, count: (what: string) => void) {
    this.#limits = limits;
    this.#count = count;
  }

  find(deliveryId: string): ModelDelivery | undefined {
    return this.line.find((delivery) => delivery.deliveryId === deliveryId);
  }

  /** Every record of the log. @param run - the run that it ends */
  apply(record: LogRecord, run: ModelRun | undefined): void {
    if (this.#limits === null) return;
    const owed = this.#owed;
    this.#owed = null;
    must(owed === null || record.type === "delivery.queued", "S1 the reply of a run goes out with its end");
    if (record.type === "delivery.queued") return this.#queued(record, owed);
    if (isDeliveryRecord(record)) return this.#moved(record);
    if (record.type === "event.queued") this.#routes.set(record.facts.eventId, record.facts.route);
    else if (record.type === "route.noted") this.#lastRoutes.set(record.sessionKey, record.facts.route);
    else if (record.type === "session.forgotten") this.#forgotten(record);
    else if (record.type === "run.ran") this.#ran(record, run);
  }

  #ran({ sessionKey, facts, body }: RecordOf<"run.ran">, run: ModelRun | undefined): void {
    const { delivery: fate, runId } = facts;
    const text = body?.reply;
    if (text === undefined) return must(fate === "ok-empty", `S7 nothing was said: ${fate}`);
    const withRoute = run?.ids.findLast((id) => this.#routes.get(id) !== undefined);
    const route = withRoute === undefined ? this.#lastRoutes.get(sessionKey) : this.#routes.get(withRoute);
    this.#count(withRoute === undefined ? "replies by the last route" : "replies by the route of an event");
    if (route === undefined) return must(fate === "no-target", `S4 nobody said where to: ${fate}`);
    const mine = this.line.filter((delivery) => delivery.sessionKey === sessionKey);
    if (mine.length >= (this.#limits?.outboxMax ?? 0)) {
      this.#count("replies without room");
      return must(fate === "outbox-full", `L8 a session's outbox keeps its limit: ${fate}`);
    }
    must(fate === "queued", `S1 a reply that has somewhere to go is queued: ${fate}`);
    this.#owed = { runId, route, text };
  }

  #queued({ sessionKey, facts, body }: RecordOf<"delivery.queued">, owed: Owed | null): void {
    const { deliveryId, runId, route, expiresAtMs, destination } = facts;
    must(owed?.runId === runId, "S9 one delivery for one reply");
    must(
      isDeepStrictEqual(route, owed.route),
      `S4 it goes where its run was asked from: ${JSON.stringify(route)}`,
    );
    must(
      destination === JSON.stringify(Object.entries(route).sort(([a], [b]) => (a < b ? -1 : 1))),
      "S4 its line is that of its route",
    );
    must(body?.text === owed.text, "S15 it says what the agent said");
    const fresh = { deliveryId, sessionKey, route, text: owed.text, state: "waits", attempts: 0 } as const;
    this.line = [...this.line, { ...fresh, dueMs: 0, expiresMs: expiresAtMs }];
    this.#count("deliveries");
  }

  #moved(record: Exclude<DeliveryRecord, { type: "delivery.queued" }>): void {
    const { deliveryId } = record.facts;
    const known = this.find(deliveryId);
    must(known !== undefined, "S9 only a delivery that is open moves");
    must(known.sessionKey === record.sessionKey, "S4 a delivery keeps its session");
    const { atMs } = record;
    switch (record.type) {
      case "delivery.started":
        return this.#started(known, record.facts.attempt, atMs);
      case "delivery.sent":
        must(known.state === "is sent", "S8 only what is being sent was sent");
        this.#count("deliveries sent");
        return this.#gone(deliveryId);
      case "delivery.failed":
        return this.#failed(known, record);
      case "delivery.expired":
        must(known.state === "waits" && atMs >= known.expiresMs, "S16 not given up before its time is over");
        this.#count("deliveries out of time");
        return this.#change(known, { state: "dead" });
      case "delivery.requeued": {
        must(known.state === "dead", "S16 only dead deliveries are requeued");
        this.#count("deliveries requeued");
        const { expiresAtMs } = record.facts;
        const back = { ...known, state: "waits", attempts: 0, dueMs: 0, expiresMs: expiresAtMs } as const;
        this.line = [...this.line.filter((delivery) => delivery !== known), back];
        return;
      }
      case "delivery.dismissed":
        must(known.state !== "is sent", "S16 what is being sent is not dismissed");
        this.#count("deliveries dismissed");
        return this.#gone(deliveryId);
    }
  }

  #started(known: ModelDelivery, attempt: number, atMs: number): void {
    const { dueMs, expiresMs, route } = known;
    must(known.state === "waits", "S9 it is sent once at a time");
    must(attempt === known.attempts + 1, `S16 its tries are counted: ${attempt}`);
    must(atMs >= dueMs && atMs < expiresMs, "L4 not before its pause is over, not after its time");
    const before = this.line
      .slice(0, this.line.indexOf(known))
      .filter((other) => other.state !== "dead" && isDeepStrictEqual(other.route, route));
    must(
      before.every((other) => this.#mayBeAside(other)),
      "S10 one destination gets one message at a time, in order",
    );
    if (before.length > 0) this.#count("deliveries sent before one that was set aside");
    this.#change(known, { state: "is sent", attempts: attempt });
  }

  #mayBeAside({ deliveryId, sessionKey }: ModelDelivery): boolean {
    // What misses a record of its session, for whatever cause, misses its own after it.
    const causes = [`delivery ${deliveryId}`, `session ${sessionKey}`, "heartbeat", "agent"];
    return causes.some((name) => this.unread.has(name));
  }

  #failed(known: ModelDelivery, { facts, atMs }: RecordOf<"delivery.failed">): void {
    const { dueAtMs, code } = facts;
    must(known.state === "is sent", "S8 only what is being sent fails");
    if (code === "LUBDUB_DELIVERY_INTERRUPTED") this.#count("deliveries interrupted");
    if (dueAtMs === null) {
      this.#count("deliveries given up");
      return this.#change(known, { state: "dead" });
    }
    must(known.attempts < (this.#limits?.maxAttempts ?? 0), "S16 given up after its tries");
    must(dueAtMs > atMs - (this.#limits?.slowMsMax ?? 0), "L2 it is not tried again at once");
    must(dueAtMs < known.expiresMs, "S16 it is not to be tried after its time");
    this.#count("deliveries tried again");
    this.#change(known, { state: "waits", dueMs: dueAtMs });
  }

  #forgotten({ sessionKey, facts }: RecordOf<"session.forgotten">): void {
    const mine = this.line.filter((delivery) => delivery.sessionKey === sessionKey);
    const named = [...(facts.deliveries ?? [])].sort();
    must(
      isDeepStrictEqual(mine.map(({ deliveryId }) => deliveryId).sort(), named),
      `S20 with all its deliveries: ${mine.map(({ deliveryId }) => deliveryId).join()}`,
    );
    if (mine.length > 0) this.#count("deliveries forgotten");
    this.line = this.line.filter((delivery) => delivery.sessionKey !== sessionKey);
    this.#lastRoutes.delete(sessionKey);
  }

  #gone(deliveryId: string): void {
    this.line = this.line.filter((delivery) => delivery.deliveryId !== deliveryId);
  }

  #change(known: ModelDelivery, changes: Partial<ModelDelivery>): void {
    this.line = this.line.map((delivery) => (delivery === known ? { ...known, ...changes } : delivery));
  }
}
