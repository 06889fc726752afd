import { createHash } from "node:crypto";
import type { Heartbeat, TurnLease } from "../../../src/api.ts";
import type { LogRecord } from "../../../src/core/records.ts";
import { createHeartbeat } from "../../../src/heartbeat.ts";
import { LubdubError } from "../../../src/errors.ts";
import { memoryStore } from "../../../src/log/memory.ts";
import type { Accepted, Intent } from "../../../src/vocabulary.ts";
import { simulatedClock, type SimulatedClock } from "../../support/simulated-clock.ts";
import { simulatedAgent, type SimulatedAgent } from "./agent.ts";
import { Model, must, same } from "./model.ts";
import { laneOf, type Plan } from "./plan.ts";
import { startProcess, type SimulatedProcess } from "./process.ts";

/** What one seed did. */
export interface SimulationReport {
  readonly seed: number;
  readonly events: number;
  readonly runs: number;
  readonly crashes: number;
  readonly records: number;
  readonly simulatedMs: number;
  /** Of every record in order: the same seed gives the same hash. */
  readonly traceHash: string;
}

/** Simulated time in which everything must be handled once faults have stopped. */
const HEALING_MS = 120_000;

/** Runs one seed to its end, or throws a `Violation`. */
export async function simulate(plan: Plan): Promise<SimulationReport> {
  const simulation = new Simulation(plan);
  for (let step = 0; step < plan.steps; step++) await simulation.step();
  await simulation.heal();
  return simulation.report();
}

class Simulation {
  readonly #plan: Plan;
  readonly #clock: SimulatedClock;
  readonly #disk = memoryStore();
  readonly #laneOf: (key: string) => string;
  readonly #model: Model;
  readonly #hash = createHash("sha256");
  readonly #turns: TurnLease[] = [];
  readonly #accepted: Accepted[] = [];
  readonly #refused = new Set<string>();
  readonly #idle = new Map<string, Set<() => void>>();
  #process: SimulatedProcess;
  #agent: SimulatedAgent;
  #heartbeat: Heartbeat;
  #told: LogRecord[] = [];
  #crashes = 0;
  #serial = 0;
  #faulty = true;

  constructor(plan: Plan) {
    this.#plan = plan;
    this.#laneOf = laneOf(plan);
    this.#clock = simulatedClock({ seed: plan.seed });
    this.#model = new Model(plan, this.#laneOf);
    [this.#process, this.#agent, this.#heartbeat] = this.#start();
  }

  #start(): [SimulatedProcess, SimulatedAgent, Heartbeat] {
    const process = startProcess(this.#clock, this.#disk, { next: () => this.#fault() });
    const agent = simulatedAgent(this.#plan, process.clock, this.#laneOf);
    if (!this.#faulty) agent.heal();
    const {
      concurrency,
      coalesceMs,
      lingerMs,
      queueMax,
      batchMax,
      maxAttempts,
      runTimeoutMs,
      abortGraceMs,
      backoff,
    } = this.#plan;
    this.#told = [];
    const heartbeat = createHeartbeat({
      store: process.store,
      clock: process.clock,
      run: agent.run,
      laneOf: this.#laneOf,
      concurrency,
      coalesceMs,
      lingerMs,
      queueMax,
      batchMax,
      maxAttempts,
      runTimeoutMs,
      abortGraceMs,
      busyBackoff: backoff,
      failedBackoff: backoff,
      checkpointRecords: this.#plan.checkpointRecords,
      liveActorsMax: this.#plan.liveActorsMax,
      isBusy: () => this.#faulty && this.#clock.random() < 0.05,
      onIdle: (key, callback) => {
        const callbacks = this.#idle.get(key) ?? new Set();
        this.#idle.set(key, callbacks.add(callback));
        return () => callbacks.delete(callback);
      },
    });
    heartbeat.subscribe((record) => this.#told.push(record));
    return [process, agent, heartbeat];
  }

  /** One thing happens, time may pass, and every promise is checked. */
  async step(): Promise<void> {
    this.#act();
    const { random } = this.#clock;
    if (random() < 0.5) await this.#clock.settle();
    else if (random() < 0.5) await this.#clock.next();
    else await this.#clock.advance(Math.floor(random() * 400));
    if (this.#percent(this.#plan.clockJump))
      this.#clock.jump((random() < 0.5 ? -1 : 1) * 86_400_000 * random());
    if (this.#percent(this.#plan.crash)) this.#process.alive = false;
    if (!this.#process.alive || (await this.#heartbeat.status()).state === "store-failed")
      await this.#restart();
    await this.#check();
  }

  /** Faults stop; the agent only succeeds: everything that was accepted must now be handled. */
  async heal(): Promise<void> {
    this.#faulty = false;
    this.#agent.heal();
    for (let round = 0; round < 3; round++) {
      for (; this.#turns.length > 0; await this.#clock.settle()) this.#release(0);
      await this.#clock.advance(HEALING_MS);
      if (!this.#process.alive) await this.#restart();
    }
    await this.#check();
    for (const [key, { queue }] of this.#model.sessions) {
      must(
        queue.length === 0,
        `L1 everything is handled in the end: ${queue.length} left in ${JSON.stringify(key)}`,
      );
      must((await this.#heartbeat.why(key)).code !== "running", "L1 no run is left over");
    }
    await this.#replayEqualsLive();
    await this.#heartbeat.close();
  }

  report(): SimulationReport {
    let runs = 0;
    for (const { type } of this.#disk.read()) if (type === "run.started") runs++;
    return {
      seed: this.#plan.seed,
      events: this.#model.texts.size,
      runs,
      crashes: this.#crashes,
      records: this.#model.position,
      simulatedMs: this.#clock.nowMs() - 1_800_000_000_000,
      traceHash: this.#hash.digest("hex"),
    };
  }

  #act(): void {
    const { random } = this.#clock;
    const key = this.#plan.keys[Math.floor(random() * this.#plan.keys.length)] as string;
    const heartbeat = this.#heartbeat;
    const dice = random();
    if (dice < 0.4) return this.#send(key);
    if (dice < 0.45) for (let burst = 0; burst < 20; burst++) this.#send(key);
    else if (dice < 0.55) this.#note(heartbeat.requestHeartbeat({ sessionKey: key, intent: this.#intent() }));
    else if (dice < 0.58) this.#quiet(heartbeat.drainSystemEvents(key));
    else if (dice < 0.68) this.#turn(key);
    else if (dice < 0.78) this.#release(Math.floor(random() * this.#turns.length));
    else if (dice < 0.86) this.#signalIdle(key);
    else if (dice < 0.9) this.#quiet(this.#deadLetter(random() < 0.5));
    else if (dice < 0.91) this.#quiet(heartbeat.forget(key));
    else if (dice < 0.93) this.#quiet(heartbeat.runHeartbeatOnce({ sessionKey: key }));
    else if (dice < 0.94) this.#quiet(this.#closeGracefully());
  }

  #send(key: string): void {
    const { random } = this.#clock;
    const repeated = random() < 0.1 && this.#serial > 0;
    const text = `event ${repeated ? this.#serial : ++this.#serial}`;
    const options = {
      sessionKey: key,
      intent: this.#intent(),
      dedupeKey: `${key} ${text}`,
      ...(random() < 0.3 ? { coalesceMs: 0 } : {}),
    };
    const sent =
      random() < 0.8
        ? this.#heartbeat.wake(text, options)
        : this.#heartbeat.enqueueSystemEvent(text, options);
    this.#note(sent);
  }

  #note(sent: Promise<Accepted>): void {
    const process = this.#process;
    sent.then(
      (accepted) => void this.#accepted.push(accepted),
      (error: unknown) => {
        if (process === this.#process && process.alive)
          must(error instanceof LubdubError, `every refusal says why: ${String(error)}`);
      },
    );
  }

  #turn(key: string): void {
    const process = this.#process;
    this.#heartbeat.acquireTurn(key, { preempt: this.#clock.random() < 0.5 }).then(
      (turn) => void (process === this.#process && this.#turns.push(turn)),
      () => {},
    );
  }

  #release(index: number): void {
    const [turn] = this.#turns.splice(index, 1);
    if (turn === undefined) return;
    this.#model.idle.add(turn.sessionKey);
    turn.release();
  }

  #signalIdle(key: string): void {
    this.#model.idle.add(key);
    for (const callback of this.#idle.get(key) ?? []) callback();
  }

  async #deadLetter(requeue: boolean): Promise<void> {
    const [letter] = await this.#heartbeat.deadLetters();
    if (letter === undefined) return;
    this.#note(
      requeue ? this.#heartbeat.requeue(letter.event.eventId) : this.#heartbeat.dismiss(letter.event.eventId),
    );
  }

  async #closeGracefully(): Promise<void> {
    const process = this.#process;
    await this.#heartbeat.close({ graceMs: 10 });
    process.alive = false;
  }

  /** The process is gone and a new one starts on what is on the disk. */
  async #restart(): Promise<void> {
    this.#process.alive = false;
    this.#agent.kill();
    this.#turns.length = 0;
    this.#idle.clear();
    this.#crashes++;
    this.#catchUp();
    for (let tries = 0; ; tries++) {
      [this.#process, this.#agent, this.#heartbeat] = this.#start();
      await this.#clock.settle();
      if (this.#process.alive && (await this.#heartbeat.status()).state === "running") return;
      must(tries < 100, "L9 it starts again");
    }
  }

  #catchUp(): void {
    for (const record of this.#disk.read({ after: this.#model.position })) {
      this.#hash.update(JSON.stringify(record));
      this.#model.apply(record);
    }
  }

  async #check(): Promise<void> {
    this.#checkRuns();
    this.#catchUp();
    for (const accepted of this.#accepted.splice(0)) this.#checkAccepted(accepted);
    if ((await this.#heartbeat.status()).state !== "running") return;
    for (const [key, { queue, dead }] of this.#model.sessions) {
      const live = (await this.#heartbeat.peekSystemEvents(key)).map(({ eventId }) => eventId);
      must(
        same(live, queue),
        `S1 S10 the queue of ${JSON.stringify(key)}: expected ${queue.join()}, got ${live.join()}`,
      );
      const view = await this.#heartbeat.session(key);
      must(
        same(
          view.deadLetters.map(({ event }) => event.eventId),
          dead,
        ),
        "S16 the dead letters",
      );
      if (queue.length > 0) this.#checkArmed(view.why.code, view.why.untilMs);
    }
    if (this.#clock.random() < 0.02) await this.#replayEqualsLive();
  }

  /** Everything that the agent answered in this life must stand in the log as it answered it. */
  #checkRuns(): void {
    for (const record of this.#told.splice(0)) {
      if (record.type !== "run.ran" && record.type !== "run.skipped" && record.type !== "run.failed")
        continue;
      const call = this.#agent.calls.get(record.facts.runId);
      if (call === undefined) {
        must(
          record.type === "run.failed" && record.facts.code === "LUBDUB_RUN_INTERRUPTED",
          "S8 a run that ended was begun",
        );
        continue;
      }
      const { request, answer } = call;
      must(
        request.sessionKey === record.sessionKey && request.wakeId === record.facts.wakeId,
        "S4 the key and the wake id are carried",
      );
      const succeeded = typeof answer === "object" && answer.status === "ran";
      if (record.type === "run.ran") {
        must(succeeded, "S8 only a run that succeeded acknowledges");
        const shown = new Set(request.events.map(({ eventId }) => eventId));
        must(
          record.facts.eventIds.every((id) => shown.has(id)),
          "S7 only what was shown is acknowledged",
        );
      } else if (succeeded) must(request.signal.aborted, "S8 a success that was in time acknowledges");
      for (const { eventId, text } of request.events)
        must((this.#model.texts.get(eventId) ?? text) === text, "S15 the text is what was sent");
    }
  }

  #checkAccepted({ position, sessionKey, eventId }: Accepted): void {
    const record = this.#disk.recordAt(position);
    must(record !== undefined, "S2 what was accepted is on the disk");
    must(record.sessionKey === sessionKey, "S3 it is there under its own key");
    if (eventId !== undefined && record.type === "event.queued")
      must(record.facts.eventId === eventId, "S2 under its own id");
  }

  #checkArmed(code: string, untilMs: number | null): void {
    const waitsForSomebody = ["running", "user-turn", "waiting-for-lane", "waiting-for-slot"].includes(code);
    must(waitsForSomebody || untilMs !== null, `L1 something is queued, so a deadline exists (${code})`);
  }

  async #replayEqualsLive(): Promise<void> {
    const { position } = await this.#heartbeat.status();
    const state = await this.#heartbeat.stateAt(position);
    for (const [key, { queue }] of this.#model.sessions) {
      const session = state.sessions[key] as { context: { queue: { eventId: string }[] } } | undefined;
      must(
        same(
          (session?.context.queue ?? []).map(({ eventId }) => eventId),
          queue,
        ),
        "S12 replay equals live",
      );
    }
  }

  #fault(): "none" | "full" | "failed" | "killed-before" | "killed-after" {
    if (!this.#faulty || !this.#percent(this.#plan.storeFault)) return "none";
    const dice = this.#clock.random();
    return dice < 0.4 ? "full" : dice < 0.5 ? "failed" : dice < 0.75 ? "killed-before" : "killed-after";
  }

  #intent(): Intent {
    const intents = ["scheduled", "task", "event", "event", "event", "immediate", "manual"] as const;
    return intents[Math.floor(this.#clock.random() * intents.length)] as Intent;
  }

  #percent(chance: number): boolean {
    return this.#clock.random() * 100 < chance;
  }

  #quiet(call: Promise<unknown>): void {
    call.catch(() => {});
  }
}
