import type { SessionSummary } from "../../../vocabulary.ts";
import { KeyLink } from "../../parts/key-link.tsx";
import { Pager } from "../../parts/pager.tsx";
import { ProblemNote } from "../../parts/problem.tsx";
import { State } from "../../parts/state.tsx";
import { Age } from "../../parts/time.tsx";
import { call, query } from "../../shell/api.ts";
import { useLive } from "../../shell/live.ts";
import type { ViewProps } from "../index.ts";

const PAGE = 100;

interface Page {
  readonly sessions: readonly SessionSummary[];
  readonly next: string | null;
}

/** Every session ever heard of, by key. A filter is where the list begins. */
export function AllSessions({ args: { q, after } }: ViewProps) {
  // Keys after this one come next, so the list begins right before what was typed.
  const path = `/v1/sessions${query({ limit: PAGE, after: after ?? before(q) })}`;
  const { value, error } = useLive(path, (signal) => call<Page>(path, { signal }));
  const sessions =
    value?.sessions.filter(({ sessionKey }) => q === undefined || sessionKey.startsWith(q)) ?? [];
  return (
    <>
      <ProblemNote error={error} />
      {q !== undefined && <p class="muted note">Sessions whose key begins with this.</p>}
      <table class="sessions">
        <thead>
          <tr>
            <th scope="col">State</th>
            <th scope="col">Session</th>
            <th scope="col" class="number">
              Queued
            </th>
            <th scope="col" class="number">
              Dead
            </th>
            <th scope="col" class="number">
              Oldest
            </th>
            <th scope="col">Lane</th>
          </tr>
        </thead>
        <tbody>
          {sessions.map(({ sessionKey, state, queued, dead, oldestQueuedAtMs, lane }) => (
            <tr key={sessionKey} data-state={state}>
              <td>
                <State state={state} />
              </td>
              <td data-wide>
                <KeyLink sessionKey={sessionKey} />
              </td>
              <td class="number" data-name={queued > 0 ? "queued" : undefined}>
                {queued > 0 && queued}
              </td>
              <td class="number dead" data-name={dead > 0 ? "dead" : undefined}>
                {dead > 0 && dead}
              </td>
              <td class="number" data-name={oldestQueuedAtMs === null ? undefined : "oldest"}>
                {oldestQueuedAtMs !== null && <Age atMs={oldestQueuedAtMs} />}
              </td>
              <td class="muted" data-name="lane">
                {lane === sessionKey ? "its own" : <span class="key">{lane}</span>}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {value !== undefined && sessions.length === 0 && <p class="empty">No session with such a key.</p>}
      <Pager after={after} next={sessions.length === PAGE ? (value?.next ?? null) : null} />
    </>
  );
}

/** Comes right before every key that begins with this: the last character is the one before, followed by the last there is. */
function before(q: string | undefined): string | undefined {
  const chars = Array.from(q ?? "");
  const last = chars.pop()?.codePointAt(0) ?? 0;
  if (last === 0) return undefined;
  // The codes between these two are halves of characters.
  const previous = last === 0xe000 ? 0xd7ff : last - 1;
  return `${chars.join("")}${String.fromCodePoint(previous, 0x10ffff)}`;
}
