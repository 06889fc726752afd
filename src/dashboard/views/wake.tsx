import type { CausingRun, WakeChain } from "../../chain.ts";
import type { EventQueued, LogRecord } from "../../core/records.ts";
import type { Receipt } from "../../vocabulary.ts";
import { duration } from "../../words/time.ts";
import { DeadDelivery, DeadEvent } from "../chain/dead-actions.tsx";
import { Steps } from "../chain/steps.tsx";
import { repeatCommand } from "../chain/repeat-command.ts";
import { Copy } from "../parts/clipboard.tsx";
import { KeyLink } from "../parts/key-link.tsx";
import { ProblemNote } from "../parts/problem.tsx";
import { State } from "../parts/state.tsx";
import { call } from "../shell/api.ts";
import { useLive } from "../shell/live.ts";
import type { ViewProps } from "./index.ts";

type Chain = WakeChain & { readonly prompt: string | null };

/** One wake, from what caused it to the last try to deliver its reply. */
export function Wake({ args: { id = "" } }: ViewProps) {
  const path = `/v1/wakes/${encodeURIComponent(id)}/chain`;
  const { value, error, reload } = useLive(path, (signal) => call<Chain>(path, { signal }));
  return (
    <article class="wake">
      <h1>
        Wake <span class="mono">{value?.receipt.wakeId ?? id}</span>
      </h1>
      <ProblemNote error={error} />
      {value !== undefined && <Found chain={value} reload={reload} />}
    </article>
  );
}

function Found({ chain, reload }: { readonly chain: Chain; readonly reload: () => void }) {
  const { receipt, records, causes, prompt } = chain;
  const events = records.filter((record): record is EventQueued => record.type === "event.queued");
  return (
    <>
      <Facts receipt={receipt} records={records} />
      <DeadEvent receipt={receipt} done={reload} />
      <DeadDelivery records={records} done={reload} />
      <div class="columns">
        <section aria-labelledby="wake-chain">
          <h2 id="wake-chain">From cause to reply</h2>
          <Causes causes={causes} />
          <Steps records={records} />
        </section>
        <section aria-label="What was said">
          <Replies records={records} />
          <Panel title="Prompt" text={prompt} isOpen>
            What its newest run was given, made again from the log. Standing instructions, due tasks and what
            a gate found are not kept there.
          </Panel>
          {events.map((event) => (
            <Panel
              key={event.position}
              title={`As curl: ${event.facts.eventId}`}
              text={repeatCommand(event, location.origin)}
            >
              Sends the same once more, as a new event. The token is read from the data folder.
            </Panel>
          ))}
          <Panel title="Raw log" text={records.map((record) => JSON.stringify(record)).join("\n")} />
        </section>
      </div>
    </>
  );
}

function Facts({ receipt, records }: { readonly receipt: Receipt; readonly records: readonly LogRecord[] }) {
  const { sessionKey, state, settlement, attempts, error } = receipt;
  const [first] = records;
  const end = records.findLast(
    ({ type }) => type.startsWith("run.") || type.startsWith("wake.") || type.startsWith("events."),
  );
  const tookMs = first === undefined || end === undefined ? 0 : end.atMs - first.atMs;
  return (
    <dl class="wake-facts">
      <Fact name="Session">
        <KeyLink sessionKey={sessionKey} />
      </Fact>
      <Fact name="State">
        <State state={settlement ?? state} />
        {error !== undefined && <span class="dead">{error.code}</span>}
      </Fact>
      <Fact name="Attempts">{attempts}</Fact>
      {state === "settled" && <Fact name="Took">{duration(tookMs)}</Fact>}
      <Fact name="Tokens">{tokensOf(records)}</Fact>
    </dl>
  );
}

function Fact({ name, children }: { readonly name: string; readonly children: preact.ComponentChildren }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function tokensOf(records: readonly LogRecord[]): string {
  const usage = records.flatMap((record) =>
    record.type === "run.ran" && record.facts.usage ? [record.facts.usage] : [],
  );
  if (usage.length === 0) return "not told";
  const input = usage.reduce((sum, { inputTokens }) => sum + inputTokens, 0);
  const output = usage.reduce((sum, { outputTokens }) => sum + outputTokens, 0);
  return `${input.toLocaleString("en")} in, ${output.toLocaleString("en")} out`;
}

function Causes({ causes }: { readonly causes: readonly CausingRun[] }) {
  if (causes.length === 0) return <p class="cause muted">It came from outside.</p>;
  return (
    <ol class="cause" reversed aria-label="What caused it, nearest first">
      {causes.map(({ runId, sessionKey, startedAtMs }) => (
        <li key={runId}>
          caused by run <a href={`#wake?id=${encodeURIComponent(runId)}`}>{runId}</a> of{" "}
          <KeyLink sessionKey={sessionKey} />{" "}
          <span class="muted">{new Date(startedAtMs).toLocaleString()}</span>
        </li>
      ))}
    </ol>
  );
}

function Replies({ records }: { readonly records: readonly LogRecord[] }) {
  const replies = records.flatMap((record) => (record.type === "run.ran" ? [record] : []));
  return (
    <>
      {replies.map(({ position, body }) => (
        <Panel key={position} title="Reply" text={body === null ? null : (body.reply ?? "")} isOpen />
      ))}
    </>
  );
}

interface PanelProps {
  readonly title: string;
  /** `null`: there is none, or it was forgotten. */
  readonly text: string | null;
  readonly isOpen?: boolean;
  readonly children?: preact.ComponentChildren;
}

/** A long text that can be opened, and copied. */
function Panel({ title, text, isOpen = false, children }: PanelProps) {
  if (text === null || text === "") return null;
  return (
    <details class="panel" open={isOpen}>
      <summary>{title}</summary>
      {children !== undefined && <p class="muted">{children}</p>}
      <pre tabIndex={0} aria-label={title}>
        {text}
      </pre>
      <Copy label={`Copy ${title[0]?.toLowerCase()}${title.slice(1)}`} text={text} />
    </details>
  );
}
