import { scheduleOptionsOf } from "../config/schedule-schema.ts";
import type { ResolvedConfig } from "../config/schema.ts";
import type { Heartbeat, Schedule } from "../index.ts";

const PAGE = 1_000;

/**
 * Makes the schedules of the configuration, and ends those that it has no more. Those that were made by a call stay; one whose
 * cadence has not changed keeps its next tick.
 */
export async function syncSchedules(
  heartbeat: Heartbeat,
  { schedules }: Pick<ResolvedConfig, "schedules">,
  nowMs: number,
): Promise<void> {
  const wanted = new Set(schedules.map(({ id }) => id));
  for (const { scheduleId, origin } of await allSchedules(heartbeat)) {
    if (origin === "config" && !wanted.has(scheduleId)) await heartbeat.removeSchedule(scheduleId);
  }
  for (const entry of schedules) {
    const options = scheduleOptionsOf(entry);
    // A moment that is over has ticked, or is still due under the same id.
    if (options.atMs === undefined || options.atMs > nowMs) await heartbeat.setSchedule(options);
  }
}

async function allSchedules(heartbeat: Heartbeat): Promise<readonly Schedule[]> {
  const all: Schedule[] = [];
  for (;;) {
    const after = all.at(-1)?.scheduleId;
    const page = await heartbeat.schedules({ limit: PAGE, ...(after === undefined ? {} : { after }) });
    all.push(...page);
    if (page.length < PAGE) return all;
  }
}
