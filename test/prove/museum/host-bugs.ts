import type { Bug } from "./bug.ts";

const RUNNER = "src/run/runner.ts";
const JOURNAL = "src/run/journal.ts";
const HOST = "src/hosts/embedded.ts";

/** Bugs of the runner, the journal and the host. */
export const HOST_BUGS: readonly Bug[] = [
  {
    id: "hot-loop-with-all-slots-taken",
    seen: "problem 25, #79380",
    file: RUNNER,
    find: "if (!this.#stopped && this.slotsFree) waker.arm();",
    replace: "if (!this.#stopped) waker.arm();",
  },
  {
    id: "alarm-lost-when-an-idle-start-cannot-start",
    seen: "found by the simulator",
    file: RUNNER,
    find: "      this.#start(entry, wake.sessionKey);\n",
    replace: "      return this.#start(entry, wake.sessionKey);\n",
  },
  {
    id: "idle-signal-ignored",
    seen: "problem 12, #29762",
    file: "src/run/runtime-signals.ts",
    find: "      this.#onIdle(lane, sessionKey);\n",
    replace: "",
  },
  {
    id: "interrupted-run-not-recovered",
    seen: "problem 3, #51620",
    file: RUNNER,
    find: "    else settleInterrupted(this.#settling, lane, run);\n",
    replace: "",
  },
  {
    id: "going-run-taken-for-interrupted",
    seen: "problem 35, #10061",
    file: RUNNER,
    find: "    if (this.#runs.has(lane)) return;\n",
    replace: "",
  },
  {
    id: "lease-not-given-back",
    seen: "#90940",
    file: RUNNER,
    find: "this.#parts.leases.giveBack(lane);",
    replace: "",
  },
  {
    id: "run-during-a-users-turn",
    seen: "problem 15, #68182",
    file: RUNNER,
    find: "if (leases.isHeld(lane) || !this.slotsFree) return;",
    replace: "if (!this.slotsFree) return;",
  },
  {
    id: "run-gives-back-a-turns-lease",
    seen: "found by the simulator",
    file: "src/run/lease.ts",
    find: 'if (held.get(lane)?.by === "run") free(lane);',
    replace: "free(lane);",
  },
  {
    id: "end-of-a-run-lost-with-a-full-disk",
    seen: "found by the simulator",
    file: RUNNER,
    find: "this.#unsettled.push(ended);",
    replace: "",
  },
  {
    id: "acknowledged-before-the-run",
    seen: "problem 9, #131855",
    file: RUNNER,
    find: "const running = attempt({ handler, request, clock, options });",
    replace:
      'settleRun(this.#settling, { lane, run, outcome: { status: "ran" }, durationMs: 0 });\n    const running = attempt({ handler, request, clock, options });',
  },
  {
    id: "run-started-while-stopping",
    seen: "reliability note L7",
    file: RUNNER,
    find: "if (this.#stopped || !this.slotsFree) break;",
    replace: "if (!this.slotsFree) break;",
  },
  {
    id: "hanging-run-holds-its-lane-for-ever",
    seen: "problem 5, #84672",
    file: "src/run/attempt.ts",
    find: "let cancel = clock.setTimer(timeoutMs, () => {",
    replace: "let cancel = clock.setTimer(timeoutMs, () => {\n    return;",
  },
  {
    id: "turn-does-not-stop-the-run",
    seen: "problem 16, #14282",
    file: "src/hosts/turns.ts",
    find: "if (preempt) runner.abort(",
    replace: "if (!preempt) runner.abort(",
  },
  {
    id: "effects-before-the-commit",
    seen: "reliability note S2",
    file: JOURNAL,
    find: "const effects = this.#parts.takeEffects();",
    replace:
      "const effects = this.#parts.takeEffects().slice();\n    this.#parts.afterCommit([], effects.splice(0));",
  },
  {
    id: "dedupe-forgets-this-turn",
    seen: "problem 11, #66382",
    file: JOURNAL,
    find: "this.#turn.positionByDedupeKey.get(key) ?? store",
    replace: "store",
  },
  {
    id: "snapshot-from-before-the-batch",
    seen: "reliability note S13",
    file: "src/run/checkpoint.ts",
    find: ".filter(({ dirty }) => dirty)",
    replace:
      '.filter((entry) => entry.dirty && (entry.kind !== "session" || entry.actor.context.queue.length > 0))',
  },
  {
    id: "changed-actors-evicted",
    seen: "reliability note S1",
    file: "src/run/checkpoint.ts",
    find: "    if (!entry.dirty) evict(entry);",
    replace: "    evict(entry);",
  },
  {
    id: "alarms-lost-at-restart",
    seen: "problem 2, #23020",
    file: HOST,
    find: 'waker.fill(store.deadlines("heartbeat"));',
    replace: "",
  },
  {
    id: "replayed-lanes-not-looked-at",
    seen: "problem 3, #132842",
    file: HOST,
    find: "for (const lane of world.heartbeats.keys()) runner.touched(lane);",
    replace: "",
  },
  {
    id: "forgotten-text-stays",
    seen: "reliability note S20",
    file: HOST,
    find: 'if (record.type === "session.forgotten") this.#orFail(() => eraseSession(this.store, record));',
    replace: "",
  },
  {
    id: "wall-clock-set-back-stalls",
    seen: "problem 23, #9084",
    file: "src/run/clock.ts",
    find: "if (wallMs + aheadMs < lastMs) aheadMs = lastMs - wallMs;",
    replace: "",
  },
  {
    id: "sleep-not-noticed",
    seen: "problem 23, #62294",
    file: "src/run/waker.ts",
    find: "Math.min(dueAtMs - nowMs(), LOOK_AGAIN_MS)",
    replace: "dueAtMs - nowMs()",
  },
  {
    id: "fenced-owner-acknowledges",
    seen: "reliability note S6",
    file: "src/log/guards.ts",
    find: "if (found.base === left.base && found.head === left.head) return;",
    replace: "return;",
  },
  {
    id: "written-after-a-failed-commit",
    seen: "found by the simulator",
    file: JOURNAL,
    find: "if (failure !== null) return this.#refuse(failure);",
    replace: "",
  },
  {
    id: "read-fault-taken-for-an-empty-session",
    seen: "reliability note: what cannot be read is not empty",
    file: "src/hosts/recovery.ts",
    find: "      return stored(kind, key);\n",
    replace:
      "      try {\n        return stored(kind, key);\n      } catch {\n        return undefined;\n      }\n",
  },
  {
    id: "end-of-a-run-lost-with-a-read",
    seen: "found by the simulator",
    file: RUNNER,
    find: "if (!this.#safely(lane, () => this.#settle(ended))) this.#unread.set(lane, ended);",
    replace: "this.#safely(lane, () => this.#settle(ended));",
  },
  {
    id: "what-could-not-be-read-is-never-looked-at-again",
    seen: "reliability note: neighbours served, and nothing sleeps for ever",
    file: "src/run/quarantine.ts",
    find: "      this.#lookAgain();\n",
    replace: "",
  },
];
