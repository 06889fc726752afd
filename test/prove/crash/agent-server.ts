import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { json } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import type { SystemEvent } from "../../../src/index.ts";
import { fromText, type Entry } from "./history.ts";

interface Asked {
  readonly sessionKey: string;
  readonly wakeId: string;
  readonly runId: string;
  readonly attempt: number;
  readonly events: readonly SystemEvent[];
}

export interface AgentServer extends AsyncDisposable {
  /** The address for the daemon with this number; calls of older ones, which are dead, are not heard any more. */
  urlFor(process: number): string;
  /** From now on it answers `ran` to everything. */
  behave(): void;
}

const BUSY = 503;
const FAILED = 500;
const RAN = 204;

/** An agent behind HTTP that keeps what it did by wake id. It outlives the daemons that wake it. */
export async function agentServer(random: () => number, note: (entry: Entry) => void): Promise<AgentServer> {
  let current = "";
  let isGood = false;
  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const asked = (await json(request)) as Asked;
    if (request.url !== current) return;
    const { sessionKey: key, wakeId, runId, attempt, events } = asked;
    const seen = events.map(({ eventId, sessionKey, text }) => ({
      eventId,
      key: sessionKey,
      ...fromText(text),
    }));
    note({ type: "run", key, wakeId, runId, attempt, events: seen });
    if (random() < 0.5) await sleep(random() * 10);
    if (request.url !== current) return;
    const status = isGood ? RAN : statusFor(random());
    note({ type: "answered", runId, ran: status === RAN });
    response.writeHead(status).end();
  }
  const server = createServer((request, response) => {
    // A daemon that dies breaks its call off; nothing was noted then that it did not ask for.
    answer(request, response).catch(() => response.destroy());
  });
  server.listen(0, "127.0.0.1");
  await new Promise((listening) => server.once("listening", listening));
  const { port } = server.address() as AddressInfo;
  return {
    urlFor(process) {
      current = `/${process}`;
      return `http://127.0.0.1:${port}${current}`;
    },
    behave: () => (isGood = true),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
    },
  };
}

const statusFor = (dice: number): number => (dice < 0.05 ? BUSY : dice < 0.1 ? FAILED : RAN);
