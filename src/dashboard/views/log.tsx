import { useEffect, useReducer, useState } from "preact/hooks";
import { RECORD_TYPES, type LogRecord } from "../../core/records.ts";
import { showHidden } from "../../hidden.ts";
import { clockTime } from "../../words/time.ts";
import { recordWords } from "../../words/record.ts";
import { Action } from "../parts/action.tsx";
import { Filter } from "../parts/filter.tsx";
import { KeyLink } from "../parts/key-link.tsx";
import { ProblemNote } from "../parts/problem.tsx";
import { Windowed } from "../parts/windowed.tsx";
import { hrefOf, setArgs } from "../shell/router.ts";
import { useTotals } from "../shell/totals.ts";
import type { ViewProps } from "./index.ts";
import { saveLog } from "./log/export.ts";
import type { LogFilter } from "./log/filter.ts";
import { LOOK_MAX, LogReader } from "./log/reader.ts";

const ROW_HEIGHT = 30;

/** Everything that happened, newest first. */
export function Log({ args }: ViewProps) {
  useTotals("Log");
  const { session, type = "", q = "", at, paused } = args;
  const filter: LogFilter = { sessionKey: session, type, text: q };
  const reader = useReader(filter, paused === undefined);
  const records = reader?.records ?? [];
  const selected = at === undefined ? undefined : records.find(({ position }) => position === Number(at));
  const isAtTheEnd = reader?.isAtTheEnd ?? false;
  return (
    <div class="log">
      <h1 class="hidden">Log</h1>
      <Toolbar filter={filter} isFollowing={paused === undefined} heldBack={reader?.heldBack.length ?? 0} />
      <ProblemNote error={reader?.error} />
      <Windowed
        label="Records, newest first"
        items={records}
        keyOf={({ position }) => position}
        rowHeight={ROW_HEIGHT}
        row={(record) => <Row record={record} isSelected={record === selected} args={args} />}
        onEnd={() => void reader?.lookFurther()}
      />
      {selected !== undefined && <Detail record={selected} />}
      <p class="muted foot" role="status">
        {records.length.toLocaleString("en")} shown
        {reader?.isLoading === true && ", looking further back …"}
        {reader !== null &&
          !reader.isLoading &&
          (isAtTheEnd
            ? ", back to the beginning of what is kept"
            : `, back to position ${reader.lookedTo.toLocaleString("en")}`)}
        {reader !== null && !isAtTheEnd && isFiltered(filter) && (
          <> (filtered here, {LOOK_MAX.toLocaleString("en")} records at a time)</>
        )}
        {reader !== null && !reader.isLoading && !isAtTheEnd && (
          <button type="button" class="quiet" onClick={() => void reader.lookFurther()}>
            Look further back
          </button>
        )}
      </p>
    </div>
  );
}

const isFiltered = ({ type, text }: LogFilter): boolean => type !== "" || text !== "";

function useReader(filter: LogFilter, isFollowing: boolean): LogReader | null {
  const [reader, setReader] = useState<LogReader | null>(null);
  const [, changed] = useReducer((count: number) => count + 1, 0);
  useEffect(() => {
    const made = new LogReader(filter, () => changed(undefined));
    made.follow(isFollowing);
    made.start();
    setReader(made);
    return () => made.close();
  }, [filter.sessionKey, filter.type, filter.text]);
  useEffect(() => reader?.follow(isFollowing), [reader, isFollowing]);
  return reader;
}

interface ToolbarProps {
  readonly filter: LogFilter;
  readonly isFollowing: boolean;
  readonly heldBack: number;
}

function Toolbar({ filter, isFollowing, heldBack }: ToolbarProps) {
  const { sessionKey, type, text } = filter;
  const [exported, setExported] = useState<number | null>(null);
  return (
    <div class="toolbar">
      <label>
        <span class="hidden">Session</span>
        <input
          class="key wide"
          type="search"
          placeholder="Session key, as it is"
          value={sessionKey ?? ""}
          onChange={({ currentTarget }) => setArgs({ session: currentTarget.value, at: undefined })}
        />
      </label>
      <label>
        <span class="hidden">Type</span>
        <select value={type} onChange={({ currentTarget }) => setArgs({ type: currentTarget.value })}>
          <option value="">All types</option>
          {[...groups].map(([group, types]) => (
            <optgroup key={group} label={group}>
              <option value={`${group}.`}>{group}.*</option>
              {types.map((name) => (
                <option key={name} value={name}>
                  {name}
                </option>
              ))}
            </optgroup>
          ))}
        </select>
      </label>
      <Filter label="Filter by words" value={text} onChange={(q) => setArgs({ q })} />
      <button
        type="button"
        aria-pressed={isFollowing}
        onClick={() => setArgs({ paused: isFollowing ? "1" : undefined })}
      >
        {isFollowing ? "Following" : heldBack === 0 ? "Paused" : `Paused: ${heldBack} new`}
      </button>
      <Action
        label="Export"
        run={async () => {
          await saveLog(filter, new AbortController().signal, setExported);
          setExported(null);
          return "saved";
        }}
      />
      {exported !== null && <span class="muted">{exported.toLocaleString("en")} records …</span>}
    </div>
  );
}

/** `run`: its types. */
const groups = Map.groupBy(RECORD_TYPES, (name) => name.split(".", 1)[0] ?? "");

/** With the day only when it is another one. */
function timeOfDay(atMs: number): string {
  const [day, time = ""] = clockTime(atMs).split(" ");
  return clockTime(Date.now()).startsWith(day ?? "") ? time : `${day} ${time}`;
}

interface RowProps {
  readonly record: LogRecord;
  readonly isSelected: boolean;
  readonly args: ViewProps["args"];
}

function Row({ record, isSelected, args }: RowProps) {
  const { position, atMs, type, sessionKey } = record;
  const words = showHidden(recordWords(record));
  return (
    <div class="record" data-group={type.split(".", 1)[0]} data-type={type} aria-current={isSelected}>
      <a
        class="position"
        href={hrefOf("log", { ...args, at: isSelected ? undefined : String(position) })}
        title="The whole record"
      >
        {position}
      </a>
      <time dateTime={new Date(atMs).toISOString()} title={clockTime(atMs)}>
        {timeOfDay(atMs)}
      </time>
      <span class="type">{type}</span>
      <KeyLink sessionKey={sessionKey} />
      <span class="words" title={words}>
        {words}
      </span>
    </div>
  );
}

function Detail({ record }: { readonly record: LogRecord }) {
  return (
    <section class="detail" aria-label={`Record ${record.position}`}>
      <button type="button" class="quiet" onClick={() => setArgs({ at: undefined })}>
        Close
      </button>
      <pre tabIndex={0}>{showHidden(JSON.stringify(record, null, 2))}</pre>
    </section>
  );
}
