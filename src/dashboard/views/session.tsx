import { useEffect, useRef } from "preact/hooks";
import type { SessionView } from "../../api.ts";
import type { LogRecord } from "../../core/records.ts";
import { excerpt } from "../../words/excerpt.ts";
import { rowsOf } from "../lanes/rows.ts";
import { SwimLanes } from "../lanes/swim-lanes.tsx";
import { Action } from "../parts/action.tsx";
import { ProblemNote } from "../parts/problem.tsx";
import { State } from "../parts/state.tsx";
import { WhySentence } from "../parts/why.tsx";
import { call, query, sessionPath } from "../shell/api.ts";
import { useLive } from "../shell/live.ts";
import { hrefOf } from "../shell/router.ts";
import type { ViewProps } from "./index.ts";

const PAGE_RECORDS = 100;
/** Records before the page, which say what was going on when it begins. */
const CONTEXT_RECORDS = 40;
/** Later than all. */
const NEWEST = 999_999_999_999_999;
const DEAD_SHOWN_MAX = 20;

/** One session: what it waits for, and its story. */
export function Session({ args: { key = "", before } }: ViewProps) {
  return (
    <section class="session">
      <Head key={key} sessionKey={key} />
      <Story key={`${key} ${before}`} sessionKey={key} before={before} />
    </section>
  );
}

function Head({ sessionKey }: { readonly sessionKey: string }) {
  const path = sessionPath(sessionKey);
  const { value, error } = useLive(
    path,
    (signal) => call<SessionView>(path, { signal }),
    (record) => record.sessionKey === sessionKey,
  );
  return (
    <header class="head">
      <h1 class="key">{sessionKey}</h1>
      <ProblemNote error={error} />
      {value !== undefined && (
        <>
          <p class="facts">
            <State state={value.state} />
            <WhySentence why={value.why} />
            <span class="muted">
              {value.queued} queued
              {value.lane !== sessionKey && <>, lane {value.lane}</>}
            </span>
          </p>
          <p class="facts">
            <Action
              label="Wake now"
              run={async () => {
                await call(sessionPath(sessionKey, "/wake"), {
                  body: { intent: "manual", source: "dashboard" },
                });
                return "asked for";
              }}
            />
            <a href={hrefOf("log", { session: sessionKey })}>Log</a>
            <a href={hrefOf("statechart", { session: sessionKey })}>Statechart</a>
          </p>
          <DeadLetters view={value} />
        </>
      )}
    </header>
  );
}

function DeadLetters({ view: { dead, deadLetters } }: { readonly view: SessionView }) {
  if (dead === 0) return null;
  return (
    <details class="dead-letters">
      <summary>
        <span class="dead">{dead === 1 ? "1 dead letter" : `${dead} dead letters`}</span>
      </summary>
      <ul>
        {deadLetters.slice(0, DEAD_SHOWN_MAX).map(({ event, attempts, error }) => (
          <li key={event.eventId}>
            <a href={hrefOf("wake", { id: event.eventId })}>{excerpt(event.text)}</a>{" "}
            <span class="muted">
              {attempts} tries, {error.code}
            </span>
          </li>
        ))}
      </ul>
    </details>
  );
}

interface StoryProps {
  readonly sessionKey: string;
  /** The page before this position; the newest when there is none. */
  readonly before: string | undefined;
}

function Story({ sessionKey, before }: StoryProps) {
  const path = `/v1/log${query({ sessionKey, before: before ?? NEWEST, limit: PAGE_RECORDS + CONTEXT_RECORDS })}`;
  const isNewest = before === undefined;
  const { value, error } = useLive(
    path,
    async (signal) => (await call<{ records: LogRecord[] }>(path, { signal })).records,
    (record) => isNewest && record.sessionKey === sessionKey,
  );
  const story = useRef<HTMLDivElement>(null);
  useFollowing(story, isNewest ? value?.at(-1)?.position : undefined);
  const first = value?.at(-PAGE_RECORDS) ?? value?.[0];
  const rows = rowsOf(value ?? [], first?.position ?? 0, isNewest);
  return (
    <div class="story" ref={story} tabIndex={0} role="region" aria-label="The story">
      <ProblemNote error={error} />
      <nav class="pages" aria-label="Pages of the story">
        {(first?.previous ?? 0) > 0 ? (
          <a href={hrefOf("session", { key: sessionKey, before: String(first?.position) })}>Earlier</a>
        ) : (
          <span class="muted">The story begins here</span>
        )}
        {!isNewest && <a href={hrefOf("session", { key: sessionKey })}>Newest</a>}
      </nav>
      {rows.length > 0 && <SwimLanes rows={rows} label={`What happened in ${sessionKey}`} />}
      {value?.length === 0 && <p class="empty">Nothing is known of this session.</p>}
    </div>
  );
}

/** So near to the end counts as reading what is newest. */
const NEAR_PX = 80;

/** Keeps the newest in sight for those who look at it; who reads further up stays there. */
function useFollowing(story: { readonly current: HTMLElement | null }, newest: number | undefined): void {
  const isAtEnd = useRef(true);
  useEffect(() => {
    const { current } = story;
    const look = (): void => {
      if (current !== null)
        isAtEnd.current = current.scrollHeight - current.scrollTop - current.clientHeight < NEAR_PX;
    };
    current?.addEventListener("scroll", look, { passive: true });
    return () => current?.removeEventListener("scroll", look);
  }, []);
  useEffect(() => {
    if (newest !== undefined && isAtEnd.current) story.current?.scrollTo(0, story.current.scrollHeight);
  }, [newest]);
}
