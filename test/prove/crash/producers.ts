import type { Heartbeat } from "../../../src/client/index.ts";
import { LubdubError } from "../../../src/errors.ts";
import { textOf, type Entry } from "./history.ts";

/** Look-alikes on purpose: case, a trailing dot, two ways to write one letter, a prefix. */
const KEYS = [
  "agent:main:a",
  "agent:main:A",
  "agent:main:a.",
  "agent:caf\u00e9",
  "agent:cafe\u0301",
  "agent:main",
  "agent:main:b",
  "agent:main:b ",
] as const;

/** What goes on while everybody calls. */
interface Calls {
  /** Resolves once so many calls have been answered. */
  answered(count: number): Promise<void>;
  stop(): Promise<void>;
}

export interface Producers {
  /** Everybody calls this daemon, over and over, until it does not answer any more or they are stopped. */
  call(heartbeat: Heartbeat): Calls;
  /** Asks once more for what came without an answer and carries a dedupe key. */
  repeat(heartbeat: Heartbeat): Promise<void>;
  /** Calls whose answer was lost: they may have been carried out or not. */
  unknown(): number;
}

/** One producer per session, one call at a time each, so that the order of its numbers is the order that must be kept. */
export function producers(random: () => number, note: (entry: Entry) => void): Producers {
  const all = KEYS.map((key) => new Producer(key, random, note));
  let next = 1;
  return {
    call(heartbeat) {
      let isStopped = false;
      let answers = 0;
      let onAnswer = (): void => {};
      const done = Promise.all(
        all.map(async (producer) => {
          for (; !isStopped && (await producer.call(heartbeat, next++)); onAnswer()) answers++;
        }),
      );
      return {
        answered: (count) =>
          new Promise((resolve) => {
            onAnswer = () => {
              if (answers >= count) resolve();
            };
            onAnswer();
          }),
        async stop() {
          isStopped = true;
          await done;
        },
      };
    },
    async repeat(heartbeat) {
      for (const producer of all) await producer.repeat(heartbeat);
    },
    unknown: () => all.reduce((sum, { unknown }) => sum + unknown, 0),
  };
}

interface Sent {
  readonly n: number;
  readonly dedupeKey?: string;
}

class Producer {
  unknown = 0;
  readonly #key: string;
  readonly #random: () => number;
  readonly #note: (entry: Entry) => void;
  /** The last one, if its answer was lost and it may be repeated. */
  #open: Sent | undefined;

  constructor(key: string, random: () => number, note: (entry: Entry) => void) {
    this.#key = key;
    this.#random = random;
    this.#note = note;
  }

  /** @returns whether there was an answer */
  async call(heartbeat: Heartbeat, n: number): Promise<boolean> {
    if (!(await this.repeat(heartbeat))) return false;
    const sent: Sent = this.#random() < 0.5 ? { n, dedupeKey: `${n}` } : { n };
    this.#note({ type: "sent", key: this.#key, n });
    return this.#send(heartbeat, sent);
  }

  async repeat(heartbeat: Heartbeat): Promise<boolean> {
    return this.#open === undefined || this.#send(heartbeat, this.#open);
  }

  async #send(heartbeat: Heartbeat, sent: Sent): Promise<boolean> {
    const { n, ...options } = sent;
    this.#open = undefined;
    try {
      const event = {
        sessionKey: this.#key,
        ...options,
        ...(this.#random() < 0.2 ? ({ intent: "manual" } as const) : {}),
      };
      const { eventId, position } = await heartbeat.wake(textOf(this.#key, n), event);
      this.#note({ type: "acked", key: this.#key, n, eventId, position });
      return true;
    } catch (error) {
      if (!(error instanceof LubdubError) || error.code !== "LUBDUB_DAEMON_UNREACHABLE") throw error;
      this.unknown++;
      if (sent.dedupeKey !== undefined) this.#open = sent;
      return false;
    }
  }
}
