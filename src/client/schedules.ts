import type { Heartbeat } from "../api.ts";
import type { Recorded, Schedule } from "../vocabulary.ts";
import { query, type Transport } from "./transport.ts";

type ScheduleCalls = Pick<
  Heartbeat,
  | "setSchedule"
  | "removeSchedule"
  | "pauseSchedule"
  | "resumeSchedule"
  | "runSchedule"
  | "schedule"
  | "schedules"
>;

export function createScheduleCalls(transport: Transport): ScheduleCalls {
  const pathOf = (id: string, what = ""): string => `/v1/schedules/${encodeURIComponent(id)}${what}`;
  const change = async (id: string, what: string): Promise<Schedule> =>
    (await transport.call(pathOf(id, what), { method: "POST" })) as Schedule;
  return {
    async setSchedule({ origin: _origin, ...body }) {
      const answer = await transport.call("/v1/schedules", { method: "POST", body });
      return (answer as { schedule: Schedule | null }).schedule;
    },
    removeSchedule: async (id) => (await transport.call(pathOf(id), { method: "DELETE" })) as Recorded,
    pauseSchedule: (id) => change(id, "/pause"),
    resumeSchedule: (id) => change(id, "/resume"),
    runSchedule: (id) => change(id, "/run"),
    schedule: async (id) => (await transport.call(pathOf(id))) as Schedule,
    async schedules({ after, limit } = {}) {
      const answer = await transport.call(`/v1/schedules${query({ after, limit })}`);
      return (answer as { schedules: Schedule[] }).schedules;
    },
  };
}
