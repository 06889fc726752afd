import type { TimelineEntry } from "../../timeline/timeline.ts";
import { excerpt } from "../../words/excerpt.ts";
import { duration } from "../../words/time.ts";
import { nowMs } from "../shell/clock.ts";
import { hrefOf } from "../shell/router.ts";
import { LANES, type Lane, type Row } from "./rows.ts";

const TITLES: Readonly<Record<Lane, string>> = {
  events: "Events",
  waits: "Waits",
  runs: "Runs",
  acks: "Acks",
  replies: "Replies",
};
const TEXT_CHARS_MAX = 240;

/** A session's story, downwards: one row for each record, one lane for each kind of thing. */
export function SwimLanes({ rows, label }: { readonly rows: readonly Row[]; readonly label: string }) {
  return (
    <table class="lanes" aria-label={label}>
      <thead>
        <tr>
          <th scope="col" class="when">
            Time
          </th>
          {LANES.map((lane) => (
            <th key={lane} scope="col" data-lane={lane}>
              {TITLES[lane]}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map((row, index) => (
          <LaneRow key={`${row.position} ${row.isOpen}`} row={row} before={rows[index - 1]} />
        ))}
      </tbody>
    </table>
  );
}

function LaneRow({ row, before }: { readonly row: Row; readonly before: Row | undefined }) {
  const { position, atMs, isOpen, cells, rails } = row;
  const isNewDay = before === undefined || dayOf(before.atMs) !== dayOf(atMs);
  return (
    <tr data-open={isOpen}>
      <th scope="row" class="when">
        {isOpen ? (
          <span class="now">now</span>
        ) : (
          <time
            dateTime={new Date(atMs).toISOString()}
            title={`record ${position}, ${new Date(atMs).toLocaleString()}`}
          >
            {isNewDay && <span class="day">{dayOf(atMs)}</span>}
            {clockOf(atMs)}
          </time>
        )}
      </th>
      {LANES.map((lane) => {
        const { above, below } = rails[lane];
        return (
          <td key={lane} data-lane={lane} class={`${above ? "above" : ""} ${below ? "below" : ""}`}>
            {cells[lane].map((entry, index) => (
              <Entry key={index} entry={entry} />
            ))}
          </td>
        );
      })}
    </tr>
  );
}

function Entry({ entry }: { readonly entry: TimelineEntry }) {
  const { kind, text, ok, open, eventIds, wakeId, runId, deliveryId } = entry;
  const id = kind === "event" ? (eventIds?.[0] ?? wakeId) : (runId ?? deliveryId ?? wakeId);
  const said = text === undefined ? null : text === null ? "(forgotten)" : excerpt(text, TEXT_CHARS_MAX);
  const { title, more } = wordsOf(entry);
  return (
    <div class="entry" data-kind={kind} data-ok={ok} data-open={open}>
      {id === undefined ? <b>{title}</b> : <a href={hrefOf("wake", { id })}>{title}</a>}
      {said !== null && <q>{said}</q>}
      {more !== "" && <small>{more}</small>}
    </div>
  );
}

/** What stands out, and what is worth a smaller word. */
function wordsOf({ kind, words, fromMs, atMs, open, untilMs }: TimelineEntry): {
  title: string;
  more: string;
} {
  const length =
    fromMs === undefined ? "" : duration((open === true ? Math.max(nowMs.value, atMs) : atMs) - fromMs);
  if (kind === "wait") {
    const left = untilMs === undefined ? 0 : untilMs - nowMs.value;
    const until = open === true && left > 0 ? `; ${duration(left)} more at the latest` : "";
    return { title: `${open === true ? "waiting" : "waited"} ${length}`, more: `${words}${until}` };
  }
  const [title = "", ...rest] = words.split(/[:;,] /);
  const lasted = length === "" ? "" : open === true ? `for ${length} so far` : `in ${length}`;
  return { title, more: [rest.join(", "), lasted].filter((part) => part !== "").join("; ") };
}

const dayOf = (atMs: number): string => new Date(atMs).toLocaleDateString();

function clockOf(atMs: number): string {
  const at = new Date(atMs);
  const seconds = at.toLocaleTimeString(undefined, { hour12: false });
  return `${seconds}.${String(at.getMilliseconds()).padStart(3, "0")}`;
}
