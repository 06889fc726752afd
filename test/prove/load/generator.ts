import { connect, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

export interface LoadOptions {
  readonly url: string;
  readonly token: string;
  /** Events offered per second, whether or not the ones before were answered. */
  readonly perSecond: number;
  readonly seconds: number;
  /** Called about every second with the seconds that are over. */
  readonly onSecond?: (seconds: number) => void;
}

export interface LoadResult {
  readonly offered: number;
  readonly accepted: number;
  /** Answers other than 202, and connections that broke. */
  readonly errors: number;
  /** From the moment when an event was due to be sent to the end of its answer, ascending. */
  readonly latenciesMs: readonly number[];
}

const CONNECTIONS = 64;
const SESSIONS = 1_000;
const TICK_MS = 1;
/** What is not answered so long after the end is an error. */
const LAST_ANSWERS_MS = 60_000;

/** Offers events at a steady rate over kept connections. A late answer makes the next event no later: its wait counts from when it was due. */
export async function offer(options: LoadOptions): Promise<LoadResult> {
  const { perSecond, seconds, onSecond = () => {} } = options;
  const all = perSecond * seconds;
  const waiting: number[] = [];
  const latenciesMs: number[] = [];
  let errors = 0;
  let offered = 0;
  const lines = Array.from({ length: CONNECTIONS }, () => new Line(options));
  const free = [...lines];
  const send = (): void => {
    while (free.length > 0 && waiting.length > 0) {
      // By turns: a connection that rests for long is closed by the server, perhaps just when it is used again.
      void carry(free.shift() as Line, waiting.shift() as number);
    }
  };
  const carry = async (line: Line, dueMs: number): Promise<void> => {
    if (await line.post(latenciesMs.length + errors)) latenciesMs.push(performance.now() - dueMs);
    else errors++;
    free.push(line);
    send();
  };
  const startMs = performance.now();
  for (let second = 0; offered < all; await sleep(TICK_MS)) {
    const elapsedMs = performance.now() - startMs;
    const due = Math.min(all, Math.floor((perSecond * elapsedMs) / 1_000));
    for (; offered < due; offered++) waiting.push(startMs + (offered * 1_000) / perSecond);
    send();
    if (elapsedMs >= 1_000 * second) onSecond(second++);
  }
  const untilMs = performance.now() + LAST_ANSWERS_MS;
  while (latenciesMs.length + errors < offered && performance.now() < untilMs) await sleep(TICK_MS);
  for (const line of lines) line.end();
  const accepted = latenciesMs.length;
  return { offered, accepted, errors: offered - accepted, latenciesMs: latenciesMs.sort((a, b) => a - b) };
}

/** One kept connection with one request at a time. Bare, so that the daemon gets the processor and not its caller. */
class Line {
  readonly #head: string;
  readonly #open: () => Socket;
  #socket: Socket;
  #answer = "";
  #settle: (isAccepted: boolean) => void = () => {};

  constructor({ url, token }: LoadOptions) {
    const { hostname, port, host } = new URL(url);
    this.#head = `POST /v1/events HTTP/1.1\r\nhost: ${host}\r\nauthorization: Bearer ${token}\r\ncontent-type: application/json\r\n`;
    this.#open = () => {
      const socket = connect({ host: hostname, port: Number(port), noDelay: true });
      socket.setEncoding("latin1").on("data", (chunk: string) => this.#take(chunk));
      socket.on("error", () => {}).on("close", () => this.#settle(false));
      return socket;
    };
    this.#socket = this.#open();
  }

  /** @returns whether it was accepted */
  post(n: number): Promise<boolean> {
    const sessionKey = `agent:load:${(n * 7_919) % SESSIONS}`;
    const body = JSON.stringify({ sessionKey, text: `npm test of change ${n} ended with exit code 0` });
    if (this.#socket.destroyed) this.#socket = this.#open();
    this.#socket.write(`${this.#head}content-length: ${body.length}\r\n\r\n${body}`);
    return new Promise((resolve) => (this.#settle = resolve));
  }

  end(): void {
    this.#socket.destroy();
  }

  #take(chunk: string): void {
    this.#answer += chunk;
    const head = this.#answer.indexOf("\r\n\r\n");
    if (head < 0) return;
    const length = Number(/\r\ncontent-length: (\d+)/i.exec(this.#answer.slice(0, head))?.[1] ?? 0);
    if (this.#answer.length < head + 4 + length) return;
    const isAccepted = this.#answer.startsWith("HTTP/1.1 202 ");
    this.#answer = "";
    this.#settle(isAccepted);
  }
}

/** @param ascending - not empty */
export function percentile(ascending: readonly number[], percent: number): number {
  const index = Math.min(ascending.length - 1, Math.floor((percent / 100) * ascending.length));
  return ascending[index] ?? Infinity;
}
