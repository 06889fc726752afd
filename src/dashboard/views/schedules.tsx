import type { Schedule } from "../../vocabulary.ts";
import { showHidden } from "../../hidden.ts";
import { excerpt } from "../../words/excerpt.ts";
import { cadenceWords } from "../../words/schedule.ts";
import { Action } from "../parts/action.tsx";
import { KeyLink } from "../parts/key-link.tsx";
import { Pager } from "../parts/pager.tsx";
import { ProblemNote } from "../parts/problem.tsx";
import { State } from "../parts/state.tsx";
import { HERE, timeIn, UTC } from "../parts/time.tsx";
import { Countdown } from "../parts/why.tsx";
import { call, query } from "../shell/api.ts";
import { useLive } from "../shell/live.ts";
import { setArgs } from "../shell/router.ts";
import { useTotals } from "../shell/totals.ts";
import type { ViewProps } from "./index.ts";

const PAGE = 50;
const ZONES = [...new Set([HERE, UTC, ...Intl.supportedValuesOf("timeZone")])];
/** The reader's own, if that is another one than most schedules have. */
const SECOND = HERE === UTC ? "America/New_York" : HERE;

/** What wakes sessions at its time, with the next five times in two zones. */
export function Schedules({ args: { after, zone = SECOND } }: ViewProps) {
  useTotals("Schedules");
  const path = `/v1/schedules${query({ limit: PAGE, after })}`;
  const { value, error, reload } = useLive(
    path,
    (signal) => call<{ readonly schedules: readonly Schedule[] }>(path, { signal }),
    ({ type }) => type.startsWith("schedule."),
  );
  const schedules = value?.schedules ?? [];
  return (
    <>
      <div class="toolbar">
        <h1>Schedules</h1>
        <label>
          <span class="muted">Beside its own zone, in </span>
          <select value={zone} onChange={({ currentTarget }) => setArgs({ zone: currentTarget.value })}>
            {ZONES.map((name) => (
              <option key={name} value={name}>
                {name}
              </option>
            ))}
          </select>
        </label>
      </div>
      <ProblemNote error={error} />
      {value !== undefined && schedules.length === 0 && (
        <p class="empty">
          No schedule. Make one: <code>lubdub schedule add ID --session KEY --every 30m</code>
        </p>
      )}
      <ul class="schedules">
        {schedules.map((schedule) => (
          <Entry key={schedule.scheduleId} schedule={schedule} zone={zone} onDone={reload} />
        ))}
      </ul>
      <Pager after={after} next={schedules.length === PAGE ? (schedules.at(-1)?.scheduleId ?? null) : null} />
    </>
  );
}

interface EntryProps {
  readonly schedule: Schedule;
  /** The second one that its times are shown in. */
  readonly zone: string;
  readonly onDone: () => void;
}

function Entry({ schedule, zone, onDone }: EntryProps) {
  const { scheduleId, sessionKey, state, cadence, text, ticks, origin } = schedule;
  const path = `/v1/schedules/${encodeURIComponent(scheduleId)}`;
  const act = (what: string, said: string) => async (): Promise<string> => {
    await call(`${path}/${what}`, { body: {} });
    onDone();
    return said;
  };
  const isPaused = state === "paused";
  return (
    <li aria-labelledby={`schedule-${scheduleId}`} data-state={state}>
      <div>
        <h2 id={`schedule-${scheduleId}`}>{scheduleId}</h2>
        <p>
          <State state={state} /> <span class="mono">{cadenceWords(cadence)}</span>
        </p>
        <p>
          <KeyLink sessionKey={sessionKey} />
        </p>
        <p class="muted">
          {text === "" ? "a beat: wakes with whatever is queued" : `says “${showHidden(excerpt(text, 200))}”`}
        </p>
        <p class="muted">
          {ticks === 1 ? "1 tick" : `${ticks} ticks`} so far
          {origin === "config" && ", from the configuration"}
        </p>
        <div class="actions">
          <Action
            key={state}
            label={isPaused ? "Resume" : "Pause"}
            run={isPaused ? act("resume", "resumed") : act("pause", "paused")}
          />
          <Action label="Run now" run={act("run", "ticked")} />
        </div>
      </div>
      <Upcoming schedule={schedule} zone={zone} />
    </li>
  );
}

function Upcoming({ schedule, zone }: Pick<EntryProps, "schedule" | "zone">) {
  const { cadence, upcomingMs, state } = schedule;
  const own = cadence.kind === "cron" ? cadence.zone : UTC;
  const zones = own === zone ? [own] : [own, zone];
  if (upcomingMs.length === 0) return <p class="muted">It is over.</p>;
  return (
    <table class="upcoming" data-paused={state === "paused"}>
      <thead>
        <tr>
          <th scope="col">{state === "paused" ? "Would tick" : "Next"}</th>
          {zones.map((zone) => (
            <th key={zone} scope="col">
              {zone}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {upcomingMs.map((atMs) => (
          <tr key={atMs}>
            <td>
              <Countdown untilMs={atMs} />
            </td>
            {zones.map((zone) => (
              <td key={zone}>{timeIn(zone, atMs)}</td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}
