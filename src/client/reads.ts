import type {
  Heartbeat,
  PageOptions,
  SessionView,
  StateAt,
  Status,
  Steps,
  WaitingPage,
  WakeChain,
  WhatIf,
} from "../api.ts";
import type { LogRecord } from "../core/records.ts";
import type { DeadLetter, Delivery, Receipt, SessionSummary, SystemEvent, Why } from "../vocabulary.ts";
import { query, sessionPath, type Call, type Transport } from "./transport.ts";
import { WAIT_MS, WAIT_TIMEOUT_MS } from "./turns.ts";

type ReadCalls = Pick<
  Heartbeat,
  | "peekSystemEvents"
  | "why"
  | "receipt"
  | "chain"
  | "waitFor"
  | "sessions"
  | "waiting"
  | "session"
  | "deadLetters"
  | "deliveries"
  | "read"
  | "stateAt"
  | "steps"
  | "whatIf"
  | "status"
>;

/** As in process. */
const READ_RECORDS = 1_000;

/** The calls that only look. */
export function createReadCalls(transport: Transport): ReadCalls {
  const get = async <T>(path: string, call?: Call): Promise<T> => (await transport.call(path, call)) as T;
  const paged = (path: string, { after, limit }: PageOptions = {}): string => path + query({ after, limit });
  const wakePath = (id: string): string => `/v1/wakes/${encodeURIComponent(id)}`;

  return {
    async peekSystemEvents(key) {
      return (await get<{ events: SystemEvent[] }>(sessionPath(key, "/events"))).events;
    },
    why: async (key) => get<Why>(sessionPath(key, "/why")),
    receipt: (id) => get<Receipt>(wakePath(id)),
    chain: (id) => get<WakeChain>(`${wakePath(id)}/chain`),
    async waitFor(id, state, { signal } = {}) {
      const path = wakePath(id) + query({ wait: state, waitMs: WAIT_MS });
      const call = { timeoutMs: WAIT_TIMEOUT_MS, ...(signal && { signal }) };
      for (;;) {
        const receipt = await get<Receipt>(path, call);
        if (receipt.state === "settled" || receipt.state === state) return receipt;
      }
    },
    async sessions(page) {
      return (await get<{ sessions: SessionSummary[] }>(paged("/v1/sessions", page))).sessions;
    },
    waiting: (page = {}) => get<WaitingPage>("/v1/waiting" + query({ ...page })),
    session: async (key) => get<SessionView>(sessionPath(key)),
    async deadLetters(page) {
      return (await get<{ deadLetters: DeadLetter[] }>(paged("/v1/dead", page))).deadLetters;
    },
    async deliveries(page = {}) {
      return (await get<{ deliveries: Delivery[] }>("/v1/deliveries" + query({ ...page }))).deliveries;
    },
    async read({ after = 0, before, limit = READ_RECORDS, sessionKey } = {}) {
      const all: LogRecord[] = [];
      const place = { from: after + 1, before };
      for (;;) {
        const path = `/v1/log${query({ ...place, limit: limit - all.length, sessionKey })}`;
        const { records, next, cut } = await get<{ records: LogRecord[]; next: number; cut: boolean }>(path);
        all.splice(before === undefined ? all.length : 0, 0, ...records);
        if (!cut) return all;
        if (before === undefined) place.from = next;
        else place.before = records[0]?.position;
      }
    },
    stateAt: (position, options = {}) => get<StateAt>(`/v1/state${query({ at: position, ...options })}`),
    steps: (options) => get<Steps>(`/v1/steps${query({ ...options })}`),
    whatIf: (body) => get<WhatIf>("/v1/what-if", { method: "POST", body }),
    status: () => get<Status>("/v1/status"),
  };
}
