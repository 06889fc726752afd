import type { HeartbeatEvent } from "../../../machines/index.ts";
import { nextBatch } from "../../../src/core/batch.ts";
import type { Driver } from "./abreast.ts";
import { createBooks, unoffered } from "./books.ts";
import { RUN } from "./heartbeat-walk.ts";
import type { Subject } from "./subject.ts";

type EventOf<Type extends HeartbeatEvent["type"]> = Extract<HeartbeatEvent, { readonly type: Type }>;
type Ended = EventOf<"run.ran" | "run.skipped" | "run.failed">;

const EVENT_DUE_MS = 2;

/** Plays the heartbeat events of one path as records: each moves the sessions too, so that events come and go as in life. */
export function heartbeatDriver(
  subject: Subject,
  lane: string,
  keys: readonly string[],
  path: readonly HeartbeatEvent[],
): Driver {
  const named = (key: string): string => `${lane}|${key}`;
  const books = createBooks(subject, lane, keys.map(named));

  function request({ wake: { sessionKey, dueAtMs, intent } }: EventOf<"wake.requested">, step: number): void {
    // One event for this run, and one for each of the later runs that is to leave something behind.
    const later = path
      .slice(step)
      .filter((event) => "next" in event && event.next?.sessionKey === sessionKey);
    for (let count = 0; count <= later.length; count++) books.queue(named(sessionKey), "text", EVENT_DUE_MS);
    if (intent !== "event") books.request(named(sessionKey), intent, dueAtMs);
  }

  function start({ sessionKey, idle }: EventOf<"run.started">, step: number): void {
    const key = named(sessionKey);
    const last = path.slice(step).find((event): event is Ended => "runId" in event && isEnd(event));
    // Only a run without events is over when it is skipped.
    if (last?.type === "run.skipped" && last.dueAtMs === null)
      books.drain(key, unoffered(books.session(key)));
    const batch = nextBatch(books.session(key), 1).map(({ eventId }) => eventId);
    books.start(key, batch, idle);
  }

  function end(event: Ended): void {
    const { run, pending } = books.heartbeat();
    const current = event.runId === RUN && run !== null;
    const key = run?.wake.sessionKey ?? named(keys[0] as string);
    const runId = current ? run.runId : event.runId;
    const leavesNothing = current && "next" in event && event.next === null;
    if (leavesNothing && pending.get(key) === undefined) books.drain(key, unoffered(books.session(key)));
    if (event.type === "run.ran") books.ran(key, runId);
    else if (event.type === "run.skipped") books.skipped(key, runId, event.dueAtMs);
    else books.failed(key, runId, event.dueAtMs);
  }

  return {
    lane,
    queued: books.queued,
    play(step) {
      const event = path[step] as HeartbeatEvent;
      switch (event.type) {
        case "wake.requested":
          return request(event, step);
        case "wake.postponed":
          return books.postpone(named(event.sessionKey), event.dueAtMs);
        case "wake.held":
          return books.hold(named(event.sessionKey), event.hold, event.dueAtMs);
        case "wake.dropped":
          // A wake is dropped when its events are gone.
          books.drain(named(event.sessionKey), unoffered(books.session(named(event.sessionKey))));
          return books.drop(named(event.sessionKey));
        case "session.forgotten":
          return books.forget(named(event.sessionKey));
        case "run.started":
          return start(event, step);
        case "run.ran":
        case "run.skipped":
        case "run.failed":
          return end(event);
      }
    },
  };
}

const isEnd = (event: EventOf<"run.started"> | Ended): boolean =>
  event.type !== "run.started" && event.runId === RUN;
