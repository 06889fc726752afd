import { useEffect, useState } from "preact/hooks";
import type { Status } from "../../api.ts";
import type { LogRecord } from "../../core/records.ts";
import { LAYOUTS } from "../../diagram/layout.ts";
import type { Move, StateAt, Step } from "../../past.ts";
import { showHidden } from "../../hidden.ts";
import { recordWords } from "../../words/record.ts";
import { KeyLink } from "../parts/key-link.tsx";
import { ProblemNote } from "../parts/problem.tsx";
import { State } from "../parts/state.tsx";
import { HERE, timeIn } from "../parts/time.tsx";
import { call, query } from "../shell/api.ts";
import { useLive, type Loaded } from "../shell/live.ts";
import { hrefOf, place, setArgs } from "../shell/router.ts";
import type { ViewProps } from "./index.ts";
import { Chart } from "./statechart/chart.tsx";
import { Scrubber, speedOf } from "./statechart/scrubber.tsx";
import { useSteps } from "./statechart/use-steps.ts";
import { happeningsOf, useWhatIf, WhatIfPanel } from "./statechart/what-if.tsx";

type MachineName = keyof typeof LAYOUTS;
const MACHINES = Object.keys(LAYOUTS) as readonly MachineName[];

/** The machines of one session, as they are and as they were at any step. */
export function Statechart({ args }: ViewProps) {
  const { session } = args;
  if (session === undefined) return <NewestSession />;
  return <Travel key={session} sessionKey={session} args={args} />;
}

/** Without a session in the address: the one to which something happened last. */
function NewestSession() {
  const { value, error } = useLive("newest session", async (signal) => {
    const { position } = await call<Status>("/v1/status", { signal });
    if (position === 0) return undefined;
    const newest = query({ before: position + 1, limit: 1 });
    return (await call<{ records: readonly LogRecord[] }>(`/v1/log${newest}`, { signal })).records[0];
  });
  const sessionKey = value?.sessionKey;
  useEffect(() => {
    if (sessionKey !== undefined) setArgs({ session: sessionKey });
  }, [sessionKey]);
  return (
    <section class="empty">
      <h1>Statechart</h1>
      <ProblemNote error={error} />
      <p>Nothing has happened yet.</p>
    </section>
  );
}

interface TravelProps {
  readonly sessionKey: string;
  readonly args: ViewProps["args"];
}

function Travel({ sessionKey, args }: TravelProps) {
  const { at, machine, play, speed, past } = args;
  const isPlaying = play === "1";
  const { steps, error, isLoading, states } = useSteps(sessionKey, Number(past) || undefined);
  const name = MACHINES.find((known) => known === machine) ?? "heartbeat";
  const index = at === undefined ? steps.length - 1 : indexOf(steps, Number(at));
  const step = steps[index];
  const position = step?.record.position ?? 0;
  const happenings = happeningsOf(args["if"]);
  const answer = useWhatIf(sessionKey, position, happenings);
  const imagined = happenings.length > 0 ? (answer.value?.imagined.flatMap((one) => one.steps) ?? []) : [];
  const shown = [...steps.slice(0, index + 1), ...imagined];
  const [isOpen, setOpen] = useState(false);
  // Folded by the daemon: only when it is looked at, and not for each step of a film.
  const state = useStateAt(sessionKey, position, !isPlaying && (isOpen || name === "agent"));
  const moves = shown.flatMap((one) => one.moves.filter(({ kind }) => kind === name));
  const isNow = at === undefined && imagined.length === 0;
  const statesNow = (isNow ? states : undefined) ?? shown.at(-1)?.states;
  const lit = litIn(name, statesNow, moves, state.value);
  return (
    <div class="statechart">
      <h1 class="hidden">Statechart of {sessionKey}</h1>
      <div class="toolbar">
        <MachineTabs current={name} />
        <SessionField sessionKey={sessionKey} />
      </div>
      <ProblemNote error={error} />
      <p class="where">
        <KeyLink sessionKey={sessionKey} /> <State state={statesNow?.heartbeat ?? "idle"} />{" "}
        {imagined.length > 0 && <strong class="muted">imagined, after </strong>}
        {step === undefined ? (
          <span class="muted">{isLoading ? "reading the log" : "nothing is known of it"}</span>
        ) : (
          <StepWords step={step} />
        )}
      </p>
      <Scrubber
        steps={steps}
        index={index}
        isLive={at === undefined}
        isPlaying={isPlaying}
        speed={speedOf(speed)}
      />
      <Chart
        layout={LAYOUTS[name]}
        lit={lit}
        moves={moves}
        last={shown.at(-1)?.moves.findLast(({ kind }) => kind === name)}
        imagined={imagined.length > 0}
      />
      <p class="muted">
        Ways are counted over {shown.length.toLocaleString("en")} steps of this session
        {lit === null && `; no ${name} of it is known here`}.{" "}
        <button type="button" class="quiet" onClick={() => setArgs({ past: String(steps.length + 800) })}>
          Read further back
        </button>
      </p>
      <WhatIfPanel position={position} happenings={happenings} answer={answer} />
      <details class="detail whole" onToggle={({ currentTarget }) => setOpen(currentTarget.open)}>
        <summary>The whole state after record {position.toLocaleString("en")}, as data</summary>
        <ProblemNote error={state.error} />
        <pre tabIndex={0}>
          {state.value !== undefined && showHidden(JSON.stringify(state.value, null, 2))}
        </pre>
      </details>
    </div>
  );
}

/** The state at a position, if it is wanted. */
function useStateAt(sessionKey: string, position: number, isWanted: boolean): Loaded<StateAt | undefined> {
  return useLive(
    `state ${isWanted} ${position} ${sessionKey}`,
    async (signal) =>
      isWanted
        ? await call<StateAt>(`/v1/state${query({ at: position, sessionKey })}`, { signal })
        : undefined,
    () => false,
  );
}

function MachineTabs({ current }: { readonly current: MachineName }) {
  return (
    <nav class="tabs" aria-label="Machines">
      {MACHINES.map((name) => (
        <a
          key={name}
          href={hrefOf("statechart", { ...place.value.args, machine: name })}
          aria-current={name === current ? "page" : undefined}
        >
          {name}
        </a>
      ))}
    </nav>
  );
}

function StepWords({ step: { record } }: { readonly step: Step }) {
  return (
    <span>
      <span class="muted">
        record {record.position.toLocaleString("en")}, {timeIn(HERE, record.atMs)}
      </span>{" "}
      {showHidden(recordWords(record))}
    </span>
  );
}

/** The last step at or before a position; the first, if all are later. */
function indexOf(steps: readonly Step[], position: number): number {
  const found = steps.findLastIndex(({ record }) => record.position <= position);
  return steps.length === 0 ? -1 : Math.max(0, found);
}

/** The state to light: a session may have many schedules and deliveries, so the one that moved last is shown. */
function litIn(
  name: MachineName,
  states: Step["states"] | undefined,
  moves: readonly Move[],
  state: StateAt | undefined,
): string | null {
  if (name === "heartbeat" || name === "session") return states?.[name] ?? null;
  if (name !== "agent") return moves.at(-1)?.to ?? null;
  const [agent] = Object.values(state?.agents ?? {}) as { value: string }[];
  return agent?.value ?? null;
}

function SessionField({ sessionKey }: { readonly sessionKey: string }) {
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        const session = new FormData(event.currentTarget).get("session") as string;
        location.hash = hrefOf("statechart", {
          session,
          machine: place.value.args["machine"],
        });
      }}
    >
      <label class="filter">
        <span class="hidden">Session key</span>
        <input class="wide" name="session" type="search" defaultValue={sessionKey} required />
      </label>{" "}
      <button type="submit">Show</button>
    </form>
  );
}
