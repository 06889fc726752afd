import type { DeliveryPage } from "../api.ts";
import type { DeliveryEntry } from "../core/world.ts";
import { LubdubError, shown } from "../errors.ts";
import { parseSessionKey } from "../intake/parse.ts";
import type { Accepted, Delivery, Recorded } from "../vocabulary.ts";
import { write } from "./edits.ts";
import type { Host } from "./host.ts";

/** Whether an id is one of a delivery: dead ones are requeued and dismissed in the same way as dead events. */
export const isDeliveryId = (id: string): boolean => id.startsWith("d-");

/** So many deliveries are looked at in one turn of the event loop; then it is others' turn. */
const LOOKS_PER_TURN_MAX = 500;

/** Deliveries on their way and dead ones, by id. */
export async function listDeliveries(
  host: Host,
  { after = "", limit = 100, sessionKey, state }: DeliveryPage = {},
): Promise<readonly Delivery[]> {
  host.guardRead();
  if (!Number.isSafeInteger(limit) || limit < 1 || limit > 1_000) {
    throw new LubdubError("LUBDUB_INPUT_INVALID", { expected: "`limit` from 1 to 1000", got: shown(limit) });
  }
  const ids =
    sessionKey === undefined
      ? everywhere(host, after, state === "dead")
      : later(ofSession(host, sessionKey), after);
  const page: Delivery[] = [];
  let looks = 0;
  for (const id of ids) {
    const delivery = deliveryOf(host.world.deliveries.peek(id));
    if (delivery !== null && (state === undefined || delivery.state === state)) page.push(delivery);
    if (page.length === limit) break;
    if (++looks % LOOKS_PER_TURN_MAX === 0) {
      await new Promise(setImmediate);
      host.guardRead();
    }
  }
  return page;
}

/** What a session has on its way, and what of it is dead, oldest first. */
export function deliveriesOf(host: Host, sessionKey: string): readonly Delivery[] {
  const deliveries = ofSession(host, sessionKey).map((id) => deliveryOf(host.world.deliveries.peek(id)));
  return deliveries.filter((delivery) => delivery !== null);
}

/** Puts a dead delivery back into the line for its destination, with all its tries and time. */
export async function requeueDelivery(host: Host, deliveryId: string): Promise<Accepted> {
  const { actor } = found(host, deliveryId, ["dead"]);
  const { letter } = actor.context;
  const { sessionKey = "", wakeId = "" } = letter ?? {};
  const facts = { deliveryId, expiresAtMs: host.clock.nowMs() + host.options.delivery.expireMs };
  const { position } = await write(host, { type: "delivery.requeued", sessionKey, facts, body: null });
  return { sessionKey, wakeId, position, deduplicated: false };
}

/** Gives one up for good, whether it is dead or still waits. */
export async function dismissDelivery(host: Host, deliveryId: string): Promise<Recorded> {
  const { actor } = found(host, deliveryId, ["dead", "pending", "retrying"]);
  const sessionKey = actor.context.letter?.sessionKey ?? "";
  return write(host, { type: "delivery.dismissed", sessionKey, facts: { deliveryId }, body: null });
}

function found(host: Host, deliveryId: string, states: readonly string[]): DeliveryEntry {
  host.guard();
  const entry = host.world.deliveries.peek(deliveryId);
  if (states.includes(entry.actor.value)) return entry;
  throw new LubdubError("LUBDUB_NOT_FOUND", {
    expected: `the id of a delivery that is ${states.join(" or ")}`,
    got: entry.actor.value === "ended" ? shown(deliveryId) : `one that is ${entry.actor.value}`,
    fix: "`lubdub dead ls` lists the dead ones.",
  });
}

/** Stored ones as they are asked for, and between them those that are not in the newest checkpoint: each once, by id. */
function* everywhere({ world, store }: Host, after: string, onlyDead: boolean): Generator<string> {
  const live = later(world.deliveries.live.keys(), after);
  const query = { kind: "delivery", after, limit: Number.MAX_SAFE_INTEGER } as const;
  let at = 0;
  for (const id of store.keys({ ...query, withDeadLetters: onlyDead })) {
    for (; at < live.length && (live[at] as string) < id; at++) yield live[at] as string;
    if (live[at] === id) at++;
    yield id;
  }
  yield* live.slice(at);
}

const later = (ids: Iterable<string>, after: string): readonly string[] =>
  [...ids].filter((id) => id > after).sort();

const ofSession = ({ world }: Host, sessionKey: string): readonly string[] =>
  world.peekSession(parseSessionKey(sessionKey)).actor.context.outbox?.deliveryIds ?? [];

function deliveryOf({ key, actor }: DeliveryEntry): Delivery | null {
  const { letter, attempts, dueAtMs, expiresAtMs, error } = actor.context;
  if (letter === null || actor.value === "ended") return null;
  const { destination: _destination, ...said } = letter;
  return {
    deliveryId: key,
    ...said,
    state: actor.value as Delivery["state"],
    attempts,
    dueAtMs: actor.value === "dead" ? null : dueAtMs,
    expiresAtMs,
    ...(error === null ? {} : { error }),
  };
}
