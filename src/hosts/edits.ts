import { asEvents } from "../core/batch.ts";
import type { SessionEntry } from "../core/world.ts";
import { newId, positionOf } from "../core/ids.ts";
import { LubdubError, shown } from "../errors.ts";
import { parseSessionKey } from "../intake/parse.ts";
import type { RecordDraft } from "../run/journal.ts";
import type { Accepted, DeadLetter, Recorded, SystemEvent } from "../vocabulary.ts";
import { unlessDamaged } from "./damage.ts";
import type { Host } from "./host.ts";

/** Writes one record of an operator or caller, and answers after its commit. */
export async function write(host: Host, draft: RecordDraft): Promise<Recorded> {
  host.guard();
  const { sessionKey, position } = host.journal.write(draft);
  await host.journal.committed();
  return { sessionKey, position };
}

/** Takes what is queued and not held by a run: it counts as handled. */
export async function drain(host: Host, key: string): Promise<readonly SystemEvent[]> {
  host.guard();
  const sessionKey = parseSessionKey(key);
  const { queue, offer } = host.world.peekSession(sessionKey).actor.context;
  const held = new Set(offer?.eventIds);
  const taken = asEvents(queue).filter(({ eventId }) => !held.has(eventId));
  if (taken.length === 0) return [];
  const eventIds = taken.map(({ eventId }) => eventId);
  await write(host, { type: "events.drained", sessionKey, facts: { eventIds }, body: null });
  return taken;
}

/** Puts one dead letter back into its queue, and wakes. It may come with other events than before, so its wake id is a new one. */
export async function requeue(host: Host, eventId: string): Promise<Accepted> {
  const sessionKey = sessionOfLetter(host, eventId);
  const { clock, journal } = host;
  const wakeId = newId("w", journal.nextPosition, clock);
  const facts = { eventIds: [eventId], wakeId, dueAtMs: clock.nowMs() };
  const { position } = await write(host, { type: "events.requeued", sessionKey, facts, body: null });
  return { sessionKey, eventId, wakeId, position, deduplicated: false };
}

/** Gives up one dead letter for good. */
export async function dismiss(host: Host, eventId: string): Promise<Recorded> {
  const sessionKey = sessionOfLetter(host, eventId);
  return write(host, { type: "events.dismissed", sessionKey, facts: { eventIds: [eventId] }, body: null });
}

/** Empties a session, with all that is its. @throws the store's error while something cannot be read that is its, or may be */
export async function forget(host: Host, key: string): Promise<Recorded> {
  const sessionKey = parseSessionKey(key);
  const schedules = schedulesOf(host, sessionKey);
  const deliveries = host.world.peekSession(sessionKey).actor.context.outbox?.deliveryIds ?? [];
  const facts = {
    ...(schedules.length > 0 && { schedules }),
    ...(deliveries.length > 0 && { deliveries }),
  };
  return write(host, { type: "session.forgotten", sessionKey, facts, body: null });
}

/** The index does not know whose a schedule is that could not be read at the start: the store is asked again. */
function schedulesOf({ world, scheduleIndex, quarantined }: Host, sessionKey: string): readonly string[] {
  const unknown = [...quarantined.keys()].flatMap((name) => {
    const [, id] = /^schedule (.*)$/.exec(name) ?? [];
    return id === undefined || scheduleIndex.has(id) ? [] : [id];
  });
  const found = unknown.filter((id) => {
    const { value, context } = world.schedules.peek(id).actor;
    return value !== "ended" && context.spec?.sessionKey === sessionKey;
  });
  return [...scheduleIndex.ofSession(sessionKey), ...found];
}

function sessionOfLetter(host: Host, eventId: string): string {
  host.guard();
  const letter = letterOf(host, eventId);
  if (letter !== undefined) return letter.event.sessionKey;
  throw new LubdubError("LUBDUB_NOT_FOUND", {
    expected: "the event id of a dead letter",
    got: shown(eventId),
    fix: "`lubdub dead ls` lists them.",
  });
}

/** Its record tells its session. Where that was compacted away, the sessions that have dead letters are looked through. */
function letterOf(host: Host, eventId: string): DeadLetter | undefined {
  const { store, world } = host;
  const position = positionOf(eventId);
  if (position === undefined) return undefined;
  const letterIn = ({ actor }: SessionEntry) =>
    actor.context.dead.find(({ event }) => event.eventId === eventId);
  const queued = store.recordAt(position);
  if (queued !== undefined) return letterIn(world.peekSession(queued.sessionKey)) as DeadLetter | undefined;
  for (const entry of world.sessions.values()) {
    const letter = letterIn(entry);
    if (letter !== undefined) return letter as DeadLetter;
  }
  const query = { kind: "session", limit: Number.MAX_SAFE_INTEGER, withDeadLetters: true } as const;
  for (const key of store.keys(query)) {
    const letter = unlessDamaged(
      () => letterIn(world.peekSession(key)),
      (error) => host.quarantine({ kind: "heartbeat", key: world.laneOf(key) }, error),
    );
    if (letter !== undefined) return letter as DeadLetter;
  }
  return undefined;
}
