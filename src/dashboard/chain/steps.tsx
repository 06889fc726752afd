import type { LogRecord } from "../../core/records.ts";
import { createTimeline, type TimelineEntry } from "../../timeline/timeline.ts";
import { duration } from "../../words/time.ts";
import { nowMs } from "../shell/clock.ts";

/** What happened, one step after the other, with how long each took. */
export function Steps({ records }: { readonly records: readonly LogRecord[] }) {
  const timeline = createTimeline();
  const told = [...records.flatMap((record) => timeline.add(record)), ...timeline.open(nowMs.value)];
  const startMs = told[0]?.atMs ?? 0;
  return (
    <ol class="steps">
      {told.map((entry, index) => (
        <Step key={index} entry={entry} startMs={startMs} />
      ))}
    </ol>
  );
}

function Step({ entry, startMs }: { readonly entry: TimelineEntry; readonly startMs: number }) {
  const { kind, words, text, fromMs, atMs, ok, open } = entry;
  const length = fromMs === undefined ? "" : duration(atMs - fromMs);
  const said = kind === "wait" ? `${open === true ? "waiting" : "waited"} ${length} ${words}` : words;
  return (
    <li data-kind={kind} data-ok={ok} data-open={open}>
      <span class="kind">{kind}</span>
      <span class="what">
        {said}
        {kind !== "wait" && length !== "" && open !== true && <span class="muted"> in {length}</span>}
        {text !== undefined && <q>{text ?? "(forgotten)"}</q>}
      </span>
      <time class="muted" dateTime={new Date(atMs).toISOString()} title={new Date(atMs).toLocaleString()}>
        {open === true
          ? "now"
          : atMs === startMs
            ? new Date(atMs).toLocaleTimeString(undefined, { hour12: false })
            : `+${duration(atMs - startMs)}`}
      </time>
    </li>
  );
}
