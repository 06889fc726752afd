import type { SessionEvent } from "../../../machines/index.ts";
import type { Driver } from "./abreast.ts";
import { createBooks } from "./books.ts";
import { RUN } from "./heartbeat-walk.ts";
import type { Subject } from "./subject.ts";

const DUE_MS = 2;
const RETRY_MS = 20;

export interface SessionDriver extends Driver {
  /** What the path calls the event. */
  readonly nameOf: (eventId: string) => string | undefined;
}

/**
 * Plays the session events of one path as records. In the same lane another session waits all the while, whose key is
 * almost the same: nothing may happen to it.
 */
export function sessionDriver(
  subject: Subject,
  lane: string,
  [key, bystander]: readonly [string, string],
  path: readonly SessionEvent[],
): SessionDriver {
  const books = createBooks(subject, lane, [key, bystander]);
  const ids = new Map<string, string>();
  const idsOf = (names: readonly string[]) => names.map((name) => ids.get(name) as string);
  const runIdOf = (name: string) => (name === RUN ? (current() ?? name) : name);
  const current = (): string | undefined => {
    const { offer, tally } = books.session(key);
    return offer?.runId ?? tally?.starts.at(-1)?.runId;
  };

  function start(eventIds: readonly string[], counts: boolean): void {
    const { run } = books.heartbeat();
    // The session was forgotten while its run went on: the run ends before another starts.
    if (run !== null) books.ran(key, run.runId);
    if (books.heartbeat().pending.get(key) === undefined) books.request(key, "manual", DUE_MS);
    books.start(key, eventIds, false, counts);
  }

  return {
    lane,
    queued: books.queued,
    nameOf: (eventId) => [...ids].find(([, id]) => id === eventId)?.[0],
    play(step) {
      if (step === 0) books.queue(bystander, "bystander", DUE_MS);
      const event = path[step] as SessionEvent;
      switch (event.type) {
        case "event.queued":
          return void ids.set(event.event.text, books.queue(key, event.event.text, DUE_MS));
        case "run.started":
          return start(idsOf(event.eventIds), event.count !== undefined);
        case "run.ran":
          return books.ran(key, runIdOf(event.runId), event.marks);
        case "run.skipped":
          return books.skipped(key, runIdOf(event.runId), RETRY_MS, event.aborted);
        case "run.failed":
          return books.failed(key, runIdOf(event.runId), event.givenUp ? null : RETRY_MS);
        case "events.drained":
          return books.drain(key, idsOf(event.eventIds));
        case "events.requeued":
          return books.requeue(key, idsOf(event.eventIds), DUE_MS);
        case "events.dismissed":
          return books.dismiss(key, idsOf(event.eventIds));
        case "session.forgotten":
          return books.forget(key);
        case "route.noted":
        case "delivery.queued":
        case "delivery.sent":
        case "delivery.died":
        case "delivery.dismissed":
          return books.reply(key, event);
      }
    },
  };
}
