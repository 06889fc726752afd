import type { WaitingPage } from "../../../api.ts";
import type { WaitingSession } from "../../../vocabulary.ts";
import { KeyLink } from "../../parts/key-link.tsx";
import { Pager } from "../../parts/pager.tsx";
import { ProblemNote } from "../../parts/problem.tsx";
import { State } from "../../parts/state.tsx";
import { Age } from "../../parts/time.tsx";
import { Countdown, WhySentence } from "../../parts/why.tsx";
import { call, query } from "../../shell/api.ts";
import { useLive } from "../../shell/live.ts";
import { isPartly, PATIENCE_MS } from "../../shell/totals.ts";
import type { ViewProps } from "../index.ts";

const PAGE = 100;

/** Who is awake or waits. The order and the pages are the daemon's: there may be a hundred thousand. */
export function Waiting({ args: { q, after } }: ViewProps) {
  const path = `/v1/waiting${query({ limit: PAGE, match: q, after, patienceMs: PATIENCE_MS })}`;
  const load = (signal: AbortSignal): Promise<WaitingPage> => call<WaitingPage>(path, { signal });
  const { value, error } = useLive(path, load, undefined, isPartly);
  if (value === undefined)
    return error === undefined ? <p class="empty">Looking who waits …</p> : <ProblemNote error={error} />;
  const { sessions, lookedThrough } = value;
  if (sessions.length === 0 && lookedThrough === 1) return <Nobody isFiltered={q !== undefined} />;
  return (
    <>
      <ProblemNote error={error} />
      {lookedThrough < 1 && <Progress share={lookedThrough} />}
      <table class="sessions">
        <thead>
          <tr>
            <th scope="col">State</th>
            <th scope="col">Session</th>
            <th scope="col" class="number">
              Queued
            </th>
            <th scope="col" class="number">
              Oldest
            </th>
            <th scope="col">Why it is not awake yet</th>
            <th scope="col" class="number">
              Next look
            </th>
          </tr>
        </thead>
        <tbody>
          {sessions.map((session) => (
            <Row key={session.sessionKey} session={session} />
          ))}
        </tbody>
      </table>
      <Pager after={after} next={value.next} />
    </>
  );
}

/** Of many lanes that nobody has looked at for a while. */
function Progress({ share }: { readonly share: number }) {
  return (
    <p class="looking" role="status">
      <progress max={1} value={share} aria-label="Lanes looked through" />
      <span class="muted">
        {Math.floor(share * 100)} % of the lanes are looked through; older waits may still be found.
      </span>
    </p>
  );
}

function Row({ session }: { readonly session: WaitingSession }) {
  const { sessionKey, state, queued, dead, sinceMs, why } = session;
  return (
    <tr data-state={state}>
      <td>
        <State state={state} />
      </td>
      <td data-wide>
        <KeyLink sessionKey={sessionKey} />
      </td>
      <td class="number" data-name="queued">
        {queued}
        {dead > 0 && <span class="dead"> + {dead} dead</span>}
      </td>
      <td class="number" data-name="oldest">
        <Age atMs={sinceMs} />
      </td>
      <td data-wide>
        <WhySentence why={why} />
      </td>
      <td class="number" data-name={why.untilMs === null ? undefined : "next look"}>
        <Countdown untilMs={why.untilMs} />
      </td>
    </tr>
  );
}

function Nobody({ isFiltered }: { readonly isFiltered: boolean }) {
  return (
    <div class="empty">
      <svg viewBox="0 0 64 24" width="128" height="48" aria-hidden="true">
        <path d="M1 14h62" />
      </svg>
      <p>{isFiltered ? "No session with such a key waits." : "Nobody waits, and nothing is queued."}</p>
      {!isFiltered && (
        <p class="muted">
          Wake one: <code>lubdub wake --session KEY --text TEXT</code>
        </p>
      )}
    </div>
  );
}
