import type { SessionSummary, Why } from "../../vocabulary.ts";
import { Filter } from "../parts/filter.tsx";
import { KeyLink } from "../parts/key-link.tsx";
import { ProblemNote } from "../parts/problem.tsx";
import { State } from "../parts/state.tsx";
import { Age } from "../parts/time.tsx";
import { call, query, sessionPath } from "../shell/api.ts";
import { useLive } from "../shell/live.ts";
import { setArgs } from "../shell/router.ts";
import type { ViewProps } from "./index.ts";

const PAGE = 50;

type Row = SessionSummary & { readonly why: Why };

/** What goes on: every session with its live state, and why it is not awake yet. */
export function Now({ args }: ViewProps) {
  const { q = "" } = args;
  const { value, error } = useLive("now", async (signal) => {
    const path = `/v1/sessions${query({ limit: PAGE })}`;
    const { sessions } = await call<{ sessions: SessionSummary[] }>(path, { signal });
    return Promise.all(
      sessions.map(async (session): Promise<Row> => {
        const why = await call<Why>(sessionPath(session.sessionKey, "/why"), { signal });
        return { ...session, why };
      }),
    );
  });
  return (
    <>
      <h1 class="hidden">Now</h1>
      <ProblemNote error={error} />
      <Filter value={q} label="Filter sessions" onChange={(text) => setArgs({ q: text })} />
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
            <th scope="col">Why not awake</th>
          </tr>
        </thead>
        <tbody>
          {value
            ?.filter(({ sessionKey }) => sessionKey.includes(q))
            .map((row) => (
              <SessionRow key={row.sessionKey} row={row} />
            ))}
        </tbody>
      </table>
      {value?.length === 0 && <p class="empty">No session yet.</p>}
    </>
  );
}

function SessionRow({ row }: { readonly row: Row }) {
  const { sessionKey, state, queued, dead, oldestQueuedAtMs, why } = row;
  return (
    <tr data-state={state}>
      <td>
        <State state={state} />
      </td>
      <td>
        <KeyLink sessionKey={sessionKey} />
      </td>
      <td class="number">
        {queued}
        {dead > 0 && <span class="dead"> +{dead} dead</span>}
      </td>
      <td class="number">{oldestQueuedAtMs !== null && <Age atMs={oldestQueuedAtMs} />}</td>
      <td class="why">{why.sentence}</td>
    </tr>
  );
}
