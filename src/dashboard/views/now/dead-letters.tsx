import type { DeadLetter } from "../../../vocabulary.ts";
import { showHidden } from "../../../hidden.ts";
import { excerpt } from "../../../words/excerpt.ts";
import { Action } from "../../parts/action.tsx";
import { KeyLink } from "../../parts/key-link.tsx";
import { Pager } from "../../parts/pager.tsx";
import { ProblemNote } from "../../parts/problem.tsx";
import { Age } from "../../parts/time.tsx";
import { call, query } from "../../shell/api.ts";
import { useLive } from "../../shell/live.ts";
import { hrefOf } from "../../shell/router.ts";
import type { ViewProps } from "../index.ts";

/** Sessions on a page: each may have many. */
const PAGE = 20;

interface Page {
  readonly deadLetters: readonly DeadLetter[];
}

/** What was given up: it waits for somebody to decide. */
export function DeadLetters({ args: { q = "", after } }: ViewProps) {
  const path = `/v1/dead${query({ limit: PAGE, after })}`;
  const { value, error, reload } = useLive(path, (signal) => call<Page>(path, { signal }));
  const letters = value?.deadLetters ?? [];
  const shown = letters.filter(({ event }) => event.sessionKey.includes(q));
  const hasMore = new Set(letters.map(({ event }) => event.sessionKey)).size === PAGE;
  if (value !== undefined && shown.length === 0 && !hasMore) return <p class="empty">No dead letter.</p>;
  return (
    <>
      <ProblemNote error={error} />
      <ul class="letters">
        {shown.map((letter) => (
          <Letter key={letter.event.eventId} letter={letter} onDone={reload} />
        ))}
      </ul>
      <Pager after={after} next={hasMore ? (letters.at(-1)?.event.sessionKey ?? null) : null} />
    </>
  );
}

function Letter({ letter, onDone }: { readonly letter: DeadLetter; readonly onDone: () => void }) {
  const { event, attempts, error, diedAtMs } = letter;
  const path = `/v1/dead/${encodeURIComponent(event.eventId)}`;
  const act = (what: string, said: string) => async (): Promise<string> => {
    await call(`${path}/${what}`, { body: {} });
    onDone();
    return said;
  };
  return (
    <li>
      <p>
        <KeyLink sessionKey={event.sessionKey} />
        <span class="muted">
          {" "}
          given up <Age atMs={diedAtMs} /> ago, after {attempts === 1 ? "1 attempt" : `${attempts} attempts`}{" "}
          · <a href={hrefOf("wake", { id: event.wakeId })}>its wake</a>
        </span>
      </p>
      <blockquote>{showHidden(excerpt(event.text, 300))}</blockquote>
      <p class="dead">
        {showHidden(error.message)} <span class="code">[{error.code}]</span>
      </p>
      <div class="actions">
        <Action label="Requeue" run={act("requeue", "requeued")} />
        <Action label="Dismiss" confirm="Dismiss for good" run={act("dismiss", "dismissed")} />
      </div>
    </li>
  );
}
