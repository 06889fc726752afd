import type { Status } from "../../api.ts";
import { Filter } from "../parts/filter.tsx";
import { ProblemNote } from "../parts/problem.tsx";
import { call } from "../shell/api.ts";
import { useLive } from "../shell/live.ts";
import { hrefOf, setArgs } from "../shell/router.ts";
import type { ViewProps } from "./index.ts";
import { AllSessions } from "./now/all-sessions.tsx";
import { DeadLetters } from "./now/dead-letters.tsx";
import { Waiting } from "./now/waiting.tsx";
import { isPartly, useTotals } from "../shell/totals.ts";

const LISTS = [
  { name: "waiting", title: "Awake or waiting", List: Waiting },
  { name: "all", title: "All sessions", List: AllSessions },
  { name: "dead", title: "Dead letters", List: DeadLetters },
] as const;

/** What goes on: who is awake or waits, oldest wait first, and why. */
export function Now({ args }: ViewProps) {
  const { list = "waiting", q = "" } = args;
  const { value: totals } = useTotals("Now");
  const status = useLive("status", (signal) => call<Status>("/v1/status", { signal }));
  const found = LISTS.find(({ name }) => name === list) ?? LISTS[0];
  const isPartial = totals !== undefined && isPartly(totals);
  const counts = { waiting: totals?.waiting, all: undefined, dead: totals?.dead };
  return (
    <>
      <h1 class="hidden">Now</h1>
      <ProblemNote error={status.error} />
      {status.value !== undefined && <Troubles status={status.value} />}
      <div class="toolbar">
        <nav class="tabs" aria-label="Lists">
          {LISTS.map(({ name, title }) => (
            <a
              key={name}
              href={hrefOf("now", { list: name === "waiting" ? undefined : name, q })}
              aria-current={name === found.name ? "page" : undefined}
            >
              {title}
              {counts[name] !== undefined && (
                <span class="count" data-alarm={name === "dead" && counts.dead !== 0}>
                  {counts[name]?.toLocaleString("en")}
                  {isPartial && "+"}
                </span>
              )}
            </a>
          ))}
        </nav>
        {status.value !== undefined && <Facts status={status.value} running={totals?.running ?? 0} />}
        <Filter
          label="Filter by session key"
          value={q}
          onChange={(text) => setArgs({ q: text, after: undefined })}
        />
      </div>
      <found.List args={args} />
    </>
  );
}

function Facts({ status, running }: { readonly status: Status; readonly running: number }) {
  const { position, deliveriesOpen } = status;
  return (
    <dl class="facts">
      <div>
        <dt>awake</dt>
        <dd>{running.toLocaleString("en")}</dd>
      </div>
      <div>
        <dt>replies on their way</dt>
        <dd>{deliveriesOpen.toLocaleString("en")}</dd>
      </div>
      <div>
        <dt>records</dt>
        <dd>{position.toLocaleString("en")}</dd>
      </div>
    </dl>
  );
}

/** What is wrong with the whole of it. */
function Troubles({ status: { state, cause, quarantined = [], resting = [] } }: { readonly status: Status }) {
  return (
    <>
      {state !== "running" && (
        <p role="alert" class="problem">
          Lubdub is {state}. {cause?.message}
        </p>
      )}
      {quarantined.map(({ lane, message, code }) => (
        <p key={lane} role="alert" class="problem">
          Set aside: <span class="key">{lane}</span>. {message} [{code}]
        </p>
      ))}
      {resting.map(({ agentId, refusal, untilMs }) => (
        <p key={agentId} role="alert" class="problem">
          Agent {agentId} rests until {new Date(untilMs).toLocaleTimeString(undefined, { hour12: false })}:
          its provider refuses every call ({refusal}).
        </p>
      ))}
    </>
  );
}
