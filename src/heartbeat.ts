import type { Heartbeat } from "./api.ts";
import { withGiven } from "./given-options.ts";
import { createHost } from "./hosts/embedded.ts";
import { dismissDelivery, isDeliveryId, listDeliveries, requeueDelivery } from "./hosts/deliveries.ts";
import { dismiss, drain, forget, requeue } from "./hosts/edits.ts";
import { readLog } from "./hosts/read-log.ts";
import { nextOutcome, receiptOf, waitFor } from "./hosts/receipts.ts";
import { listDeadLetters, listSessions, sessionView, statusOf, whyNot } from "./hosts/views.ts";
import { stateAt } from "./hosts/past.ts";
import { stepsOf } from "./hosts/steps.ts";
import { whatIf } from "./hosts/what-if.ts";
import { schedulesOf } from "./hosts/schedules.ts";
import { wakeChain } from "./hosts/wake-chain.ts";
import { turnsOf } from "./hosts/turns.ts";
import { createWaitingList } from "./hosts/waiting.ts";
import { parseSessionKey } from "./intake/parse.ts";
import { resolveOptions, type HeartbeatOptions } from "./options.ts";
import { asEvents } from "./core/batch.ts";

/** How long `close` lets runs end before it aborts them, in milliseconds. */
const GRACE_MS = 10_000;

/**
 * Starts a heartbeat in this process. It is running when this returns: what the store holds is folded, and what was
 * waiting when the last process ended goes on under the same session key and wake id.
 *
 * @throws LubdubError `LUBDUB_OPTION_INVALID`, or the store's error when its log cannot be folded.
 * @example
 * await using heartbeat = createHeartbeat({
 *   store: sqliteStore({ folder: "./data" }),
 *   run: async ({ sessionKey, events }) => {
 *     await agent(sessionKey, events.map(({ text }) => text).join("\n"));
 *     return { status: "ran" };
 *   },
 * });
 * await heartbeat.wake("npm test ended with exit code 0", { sessionKey: "agent:main:discord:channel:42" });
 */
export function createHeartbeat(options: HeartbeatOptions): Heartbeat {
  const host = createHost(resolveOptions(options));
  const { world, leases, intake, store } = host;
  const waiting = createWaitingList(host);

  const requestHeartbeat: Heartbeat["requestHeartbeat"] = (wake) => intake.wake(wake);
  const close: Heartbeat["close"] = ({ graceMs = GRACE_MS } = {}) => host.stop(graceMs);

  return {
    enqueueSystemEvent: (text, event) => intake.event(text, event, false),
    wake: (text, event) => intake.event(text, event, true),
    requestHeartbeat,
    requestHeartbeatNow: async (wake) =>
      requestHeartbeat(withGiven("requestHeartbeatNow", wake, { intent: "immediate" as const })),
    async runHeartbeatOnce(wake) {
      const once = withGiven("runHeartbeatOnce", wake, { intent: "manual", coalesceMs: 0 } as const);
      const key = parseSessionKey(wake.sessionKey);
      if (leases.isHeld(world.laneOf(key))) return { status: "skipped", reason: "requests-in-flight" };
      return nextOutcome(host, key, () => intake.wake(once));
    },
    async peekSystemEvents(key) {
      host.guardRead();
      return asEvents(world.peekSession(parseSessionKey(key)).actor.context.queue);
    },
    drainSystemEvents: (key) => drain(host, key),
    ...turnsOf(host),
    ...schedulesOf(host),
    why: async (key) => whyNot(host, parseSessionKey(key)),
    receipt: async (id) => receiptOf(host, id),
    async chain(id) {
      host.guardRead();
      return wakeChain(host, id);
    },
    waitFor: async (id, state, { signal } = {}) => waitFor(host, id, state, signal),
    sessions: async (page) => listSessions(host, page),
    waiting: (page) => waiting.page(page),
    session: async (key) => sessionView(host, parseSessionKey(key)),
    deadLetters: async (page) => listDeadLetters(host, page),
    deliveries: async (page) => listDeliveries(host, page),
    requeue: (id) => (isDeliveryId(id) ? requeueDelivery(host, id) : requeue(host, id)),
    dismiss: (id) => (isDeliveryId(id) ? dismissDelivery(host, id) : dismiss(host, id)),
    read: async (read) => readLog(host, read),
    subscribe: (listener) => host.subscribe(listener),
    stateAt: async (position, { sessionKey } = {}) =>
      stateAt(host, position, sessionKey === undefined ? {} : { sessionKey: parseSessionKey(sessionKey) }),
    steps: async (steps) => stepsOf(host, steps),
    whatIf: async (imagine) => whatIf(host, imagine),
    forget: (key) => forget(host, key),
    async backup(file) {
      host.guard();
      host.journal.flush();
      await store.backup(file);
    },
    status: async () => statusOf(host),
    close,
    [Symbol.asyncDispose]: () => close(),
  };
}
