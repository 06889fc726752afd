import type { Command } from "commander";
import type { Heartbeat, Schedule, ScheduleOptions } from "../index.ts";
import { durationMs } from "../policy/duration.ts";
import { connect, type CommonOptions } from "./contact.ts";
import { show, showEach, talk } from "./output.ts";
import { oneLine } from "./plain.ts";
import { cadenceWords } from "../words/schedule.ts";
import { sessionOf, sessionOption, subcommand } from "./subcommand.ts";
import { clockTime } from "../words/time.ts";
import { momentMs } from "./moment.ts";

const PAGE = 1_000;

interface AddOptions extends CommonOptions {
  readonly session?: string;
  readonly every?: string;
  readonly cron?: string;
  readonly zone?: string;
  readonly at?: string;
  readonly text?: string;
  readonly reason?: string;
  readonly skipMissed?: boolean;
}

export function addSchedule(program: Command): void {
  const schedule = program.command("schedule").description("what wakes a session at its time");
  subcommand(schedule, "add", "make a schedule, or change it")
    .argument("<id>", "its name, for example nightly-report")
    .addOption(sessionOption())
    .option("--every <time>", "an interval, for example 30m")
    .option("--cron <expression>", 'a cron expression, for example "0 9 * * 1-5"')
    .option(
      "--zone <zone>",
      "the time zone of --cron, for example Europe/Berlin (default: that of this machine)",
    )
    .option("--at <time>", "once: a time like 2026-12-24T18:00, or +2h from now")
    .option("--text <text>", "what each tick says; without it the session is run with what it has")
    .option("--reason <words>", "why, for the log and the agent")
    .option("--skip-missed", "do not make up for ticks that nobody was there for")
    .action(add);
  subcommand(schedule, "ls", "list them, with their next ticks").action(list);
  const named: readonly (readonly [string, string, Change])[] = [
    ["pause", "no more ticks until it is resumed", (heartbeat, id) => heartbeat.pauseSchedule(id)],
    ["resume", "go on with the first tick to come", (heartbeat, id) => heartbeat.resumeSchedule(id)],
    ["run", "one tick now; the cadence stays as it is", (heartbeat, id) => heartbeat.runSchedule(id)],
  ];
  for (const [name, description, change] of named) {
    subcommand(schedule, name, description)
      .argument("<id>")
      .action(async (id: string, options: CommonOptions) => {
        await show(options.json, await change(connect(options), id), scheduleLine);
      });
  }
  subcommand(schedule, "rm", "end one; what its ticks have queued stays")
    .argument("<id>")
    .action(async (id: string, options: CommonOptions) => {
      await show(
        options.json,
        await connect(options).removeSchedule(id),
        () => `removed: schedule ${oneLine(id, 128)}`,
      );
    });
}

type Change = (heartbeat: Heartbeat, id: string) => Promise<Schedule>;

async function add(scheduleId: string, options: AddOptions): Promise<void> {
  const { every, cron, zone, at, text, reason, skipMissed } = options;
  const asked: ScheduleOptions = {
    scheduleId,
    sessionKey: sessionOf(options),
    ...(every === undefined ? {} : { everyMs: every === "0" ? 0 : durationMs(every) }),
    ...(cron === undefined ? {} : { cron, zone: zone ?? Intl.DateTimeFormat().resolvedOptions().timeZone }),
    ...(cron === undefined && zone !== undefined ? { zone } : {}),
    ...(at === undefined ? {} : { atMs: momentMs(at, Date.now()) }),
    ...(text === undefined ? {} : { text }),
    ...(reason === undefined ? {} : { reason }),
    ...(skipMissed === true ? { onMissed: "skip" } : {}),
  };
  const made = await connect(options).setSchedule(asked);
  await show(options.json, made, (found) =>
    found === null ? `off: schedule ${oneLine(scheduleId, 128)}` : scheduleLine(found),
  );
}

async function list(options: CommonOptions): Promise<void> {
  const heartbeat = connect(options);
  let count = 0;
  for (let after: string | undefined; ;) {
    const page = await heartbeat.schedules({ limit: PAGE, ...(after === undefined ? {} : { after }) });
    count += page.length;
    await showEach(options.json, page, scheduleLine);
    if (page.length < PAGE) break;
    after = page.at(-1)?.scheduleId;
  }
  if (count === 0 && options.json !== true) {
    talk("No schedule yet. Make one: lubdub schedule add ID --session KEY --every 30m");
  }
}

function scheduleLine({ scheduleId, sessionKey, state, cadence, text, upcomingMs }: Schedule): string {
  const says = text === "" ? "a beat" : `"${oneLine(text, 80)}"`;
  const next = state === "paused" ? "paused" : `next ${upcomingMs.slice(0, 1).map(clockTime).join("")}`;
  return `${scheduleId}  ${oneLine(sessionKey, 512)}  ${cadenceWords(cadence)}  ${next}  ${says}`;
}
