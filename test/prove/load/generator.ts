import { connect, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

export interface LoadOptions {
  readonly url: string;
  readonly token: string;
  /** Events due per second, whether or not the ones before were answered. */
  readonly perSecond: number;
  readonly seconds: number;
  /** So many seconds behind, the rate is too high: nothing further is sent. @default 5 */
  readonly behindSecondsMax?: number;
  /** Called about every second with the seconds that are over. */
  readonly onSecond?: (seconds: number) => void;
}

export interface LoadResult {
  readonly accepted: number;
  /** Answers other than 202, none at all, and connections that broke. */
  readonly errors: number;
  /** Were due and not sent: the other side had fallen so far behind that offering more was given up. */
  readonly unsent: number;
  readonly seconds: number;
  /** From the moment when an event was due to be sent to the end of its answer, ascending. */
  readonly latenciesMs: readonly number[];
}

const CONNECTIONS = 64;
const SESSIONS = 1_000;
const TICK_MS = 1;
const BEHIND_SECONDS_MAX = 5;
/** What is not answered so long after the end is an error. */
const LAST_ANSWERS_MS = 60_000;

/** Offers events at a steady rate over kept connections. A late answer makes the next event no later: its wait counts from when it was due. */
export async function offer(options: LoadOptions): Promise<LoadResult> {
  const { perSecond, seconds, behindSecondsMax = BEHIND_SECONDS_MAX, onSecond = () => {} } = options;
  const all = perSecond * seconds;
  const latenciesMs: number[] = [];
  let sent = 0;
  let errors = 0;
  let due = 0;
  const lines = Array.from({ length: CONNECTIONS }, () => new Line(options));
  const free = [...lines];
  const send = (): void => {
    // By turns: a connection that rests for long is closed by the server, perhaps just when it is used again.
    while (free.length > 0 && sent < due) void carry(free.shift() as Line, sent++);
  };
  const startMs = performance.now();
  const carry = async (line: Line, n: number): Promise<void> => {
    const dueMs = startMs + (n * 1_000) / perSecond;
    if (await line.post(n)) latenciesMs.push(performance.now() - dueMs);
    else errors++;
    free.push(line);
    send();
  };
  const isBehind = (): boolean => due - sent > behindSecondsMax * perSecond;
  for (let second = 0; due < all && !isBehind(); await sleep(TICK_MS)) {
    const elapsedMs = performance.now() - startMs;
    due = Math.min(all, Math.floor((perSecond * elapsedMs) / 1_000));
    send();
    if (elapsedMs >= 1_000 * second) onSecond(second++);
  }
  const unsent = isBehind() ? due - sent : 0;
  due -= unsent;
  const untilMs = performance.now() + LAST_ANSWERS_MS;
  while (latenciesMs.length + errors < due && performance.now() < untilMs) await sleep(TICK_MS);
  for (const line of lines) line.end();
  const accepted = latenciesMs.length;
  latenciesMs.sort((a, b) => a - b);
  return {
    accepted,
    errors: due - accepted,
    unsent,
    seconds: (performance.now() - startMs) / 1_000,
    latenciesMs,
  };
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
