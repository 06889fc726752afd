import fc from "fast-check";
import { BUSY, FAILED, RAN } from "../../support/agent.ts";
import { testHeart, type TestHeart } from "../../support/world.ts";
import { must, same } from "../simulator/promise.ts";

/** What a session must hold, by key: texts only, in order. */
interface Books {
  readonly queued: Map<string, string[]>;
  serial: number;
}

type Command = fc.AsyncCommand<Books, TestHeart>;

const key = fc.constantFrom(
  "agent:main:42",
  "agent:main:42 ",
  "Agent:main:42",
  "agent:caf\u00e9",
  "agent:cafe\u0301",
);
const of = (books: Books, sessionKey: string): string[] => {
  const texts = books.queued.get(sessionKey) ?? [];
  books.queued.set(sessionKey, texts);
  return texts;
};

function command(
  name: string,
  run: (books: Books, heart: TestHeart) => Promise<void>,
  check: (books: Books) => boolean = () => true,
): Command {
  return { check, run, toString: () => name };
}

async function compare(books: Books, { heartbeat }: TestHeart): Promise<void> {
  for (const [sessionKey, texts] of books.queued) {
    const live = (await heartbeat.peekSystemEvents(sessionKey)).map(({ text }) => text);
    must(same(live, texts), `S1 S10 ${sessionKey}: expected ${texts.join()}, got ${live.join()}`);
  }
}

const queue = key.map((sessionKey) =>
  command(`queue(${sessionKey})`, async (books, heart) => {
    const text = `event ${++books.serial}`;
    await heart.soon(heart.heartbeat.enqueueSystemEvent(text, { sessionKey }));
    of(books, sessionKey).push(text);
    await compare(books, heart);
  }),
);

const drain = key.map((sessionKey) =>
  command(`drain(${sessionKey})`, async (books, heart) => {
    const drained = await heart.soon(heart.heartbeat.drainSystemEvents(sessionKey));
    must(
      same(
        drained.map(({ text }) => text),
        of(books, sessionKey),
      ),
      "S7 a drain takes what is queued, in order",
    );
    books.queued.set(sessionKey, []);
    await compare(books, heart);
  }),
);

const forget = key.map((sessionKey) =>
  command(`forget(${sessionKey})`, async (books, heart) => {
    await heart.soon(heart.heartbeat.forget(sessionKey));
    books.queued.set(sessionKey, []);
    await compare(books, heart);
  }),
);

const OUTCOMES = { RAN, BUSY, FAILED } as const;

/** One run of one session, answered as told. A failure is given another chance, busy is asked again. */
const run = fc.tuple(key, fc.constantFrom("RAN", "BUSY", "FAILED")).map(([sessionKey, answer]) =>
  command(`run(${sessionKey}, ${answer})`, async (books, heart) => {
    const { heartbeat, agent, clock } = heart;
    const before = agent.calls.length;
    agent.answers(OUTCOMES[answer as keyof typeof OUTCOMES]);
    await heart.soon(heartbeat.runHeartbeatOnce({ sessionKey }));
    const calls = agent.calls.slice(before);
    must(calls[0]?.sessionKey === sessionKey, "S3 S4 the session that was asked for runs");
    const shown = calls[0]?.events.map(({ text }) => text) ?? [];
    must(same(shown, of(books, sessionKey)), "S10 it is shown what is queued, in order");
    if (answer === "RAN") books.queued.set(sessionKey, []);
    agent.answers(RAN);
    await compare(books, heart);
    // What was busy or failed is asked again, and then succeeds.
    await clock.advance(RETRY_MS);
    if (answer !== "RAN") books.queued.set(sessionKey, []);
    await compare(books, heart);
  }),
);

/** Longer than any pause after one busy answer or one failure. */
const RETRY_MS = 5_000;

/** S1, S3, S4, S7, S8, S10: any sequence of calls of the library does what the books say. */
export const commandProperty = fc.asyncProperty(
  fc.commands([queue, queue, drain, run, forget], { maxCommands: 20 }),
  async (commands) => {
    const heart = testHeart({ lingerMs: 86_400_000 });
    await fc.asyncModelRun(() => ({ model: { queued: new Map(), serial: 0 }, real: heart }), commands);
    await heart.soon(heart.heartbeat.close());
  },
);
