import { useState } from "preact/hooks";
import type { Happening, Imagined, WhatIf } from "../../../past.ts";
import { whySentence } from "../../../core/why-words.ts";
import { showHidden } from "../../../hidden.ts";
import { recordWords } from "../../../words/record.ts";
import { ProblemNote } from "../../parts/problem.tsx";
import { State } from "../../parts/state.tsx";
import { call } from "../../shell/api.ts";
import { useLive, type Loaded } from "../../shell/live.ts";
import { setArgs } from "../../shell/router.ts";

const BUSY = { status: "skipped", reason: "requests-in-flight" } as const;
const CHOICES: readonly (readonly [label: string, happening: Happening])[] = [
  ["Time passes to the next deadline", { type: "time.passed" }],
  ["Somebody asks for a run now", { type: "wake.requested", intent: "manual" }],
  ["The run answers: ran", { type: "run.answered", outcome: { status: "ran" } }],
  ["The run answers: busy", { type: "run.answered", outcome: BUSY }],
  [
    "The run answers: failed",
    { type: "run.answered", outcome: { status: "failed", reason: "what if it failed" } },
  ],
];

/** Asks the daemon what would have been; it is pure, so it may be asked again and again. */
export function useWhatIf(
  sessionKey: string,
  position: number,
  happenings: readonly Happening[],
): Loaded<WhatIf | null> {
  const body = { sessionKey, position, happenings };
  return useLive(
    `what-if ${JSON.stringify(body)}`,
    async (signal) => (happenings.length === 0 ? null : await call<WhatIf>("/v1/what-if", { body, signal })),
    () => false,
  );
}

/** What is imagined stands in the address, so that it can be shown to others. */
export function happeningsOf(text = "[]"): readonly Happening[] {
  try {
    const parsed: unknown = JSON.parse(text);
    return Array.isArray(parsed) ? (parsed as Happening[]) : [];
  } catch {
    return [];
  }
}

interface PanelProps {
  readonly position: number;
  readonly happenings: readonly Happening[];
  readonly answer: Loaded<WhatIf | null>;
}

/** Imagines what did not happen, from where the scrubber stands. */
export function WhatIfPanel({ position, happenings, answer }: PanelProps) {
  const [text, setText] = useState("npm test ended with exit code 0");
  const imagine = (next: readonly Happening[]): void =>
    setArgs({
      if: next.length === 0 ? undefined : JSON.stringify(next),
      at: String(position),
      play: undefined,
    });
  return (
    <section class="what-if" aria-label="What if">
      <h2>What if, after record {position.toLocaleString("en")}?</h2>
      <p class="muted">Nothing of this happens: nothing is written, nobody is woken.</p>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          imagine([...happenings, { type: "event.queued", text }]);
        }}
      >
        <label class="filter">
          <span class="hidden">Text of an event</span>
          <input value={text} required onInput={({ currentTarget }) => setText(currentTarget.value)} />
        </label>
        <button type="submit">An event is queued</button>
      </form>
      <div class="actions">
        {CHOICES.map(([label, happening]) => (
          <button key={label} type="button" onClick={() => imagine([...happenings, happening])}>
            {label}
          </button>
        ))}
        <button
          type="button"
          class="quiet"
          disabled={happenings.length === 0}
          onClick={() => imagine(happenings.slice(0, -1))}
        >
          Take the last back
        </button>
      </div>
      <ProblemNote error={answer.error} />
      <ol class="imagined" aria-live="polite">
        {answer.value?.imagined.map((one, index) => (
          <ImaginedItem key={index} imagined={one} />
        ))}
      </ol>
    </section>
  );
}

function ImaginedItem({
  imagined: { happening, steps, why, refused, atMs },
}: {
  readonly imagined: Imagined;
}) {
  return (
    <li>
      <strong>{showHidden(wordsOf(happening))}</strong>
      {refused !== undefined && (
        <p class="dead">
          It could not: {refused.message} [{refused.code}]
        </p>
      )}
      <ul>
        {steps.map(({ record, states }) => (
          <li key={record.position}>
            <State state={states.heartbeat} /> <span class="key">{record.sessionKey}</span>{" "}
            {showHidden(recordWords(record))}
          </li>
        ))}
      </ul>
      <p class="why">{whySentence(why, atMs)}</p>
    </li>
  );
}

function wordsOf(happening: Happening): string {
  switch (happening.type) {
    case "event.queued":
      return `An event is queued: ${happening.text}`;
    case "wake.requested":
      return "Somebody asks for a run";
    case "time.passed":
      return happening.byMs === undefined ? "Time passes to the next deadline" : `${happening.byMs} ms pass`;
    case "run.answered":
      return `The run answers: ${happening.outcome.status}`;
  }
}
