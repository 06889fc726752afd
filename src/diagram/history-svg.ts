import { PARTIES, type Message, type Party } from "./history.ts";
import { CHAR_PX } from "./metrics.ts";
import { escaped, picture } from "./picture.ts";

/** How a moment is written. */
export type ClockWords = (atMs: number) => string;

const HEAD_PX = 92;
const ROW_PX = 30;
const TIME_PX = 200;
const PARTY_PX = 118;
const WORDS_X = TIME_PX + PARTIES.length * PARTY_PX + 16;
const MARGIN_PX = 24;

/** The history of a session as an SVG that stands by itself: time goes down, each party has its column. */
export function historySvg(sessionKey: string, messages: readonly Message[], clock: ClockWords): string {
  const title = `The history of ${sessionKey}`;
  const longest = Math.max(title.length + 24, ...messages.map(({ words }) => words.length));
  const width = Math.ceil(WORDS_X + longest * CHAR_PX + MARGIN_PX);
  const height = HEAD_PX + messages.length * ROW_PX + MARGIN_PX;
  const rows = messages.map((message, index) => {
    const changes = changesOf(message, messages[index - 1]);
    return row(message, index, { clock, changes });
  });
  return picture({ width, height, title }, [
    `<text class="title" x="${MARGIN_PX}" y="34">${escaped(sessionKey)}</text>`,
    ...PARTIES.flatMap((party) => [
      `<text class="party" x="${xOf(party)}" y="68">${party}</text>`,
      `<path class="life" d="M${xOf(party)},78 V${height - MARGIN_PX / 2}"/>`,
    ]),
    ...messages.map(({ state }, index) => span(state, index, messages.length)),
    ...rows,
  ]);
}

const xOf = (party: Party): number => TIME_PX + PARTIES.indexOf(party) * PARTY_PX + PARTY_PX / 2;
const yOf = (index: number): number => HEAD_PX + index * ROW_PX + ROW_PX / 2;

/** From one record to the next the heartbeat's line has the colour of its state. */
const span = (state: string, index: number, count: number): string =>
  index === count - 1
    ? ""
    : `<path class="span ${state}" d="M${xOf("heartbeat")},${yOf(index)} V${yOf(index + 1)}"/>`;

interface Change {
  readonly party: Party;
  readonly words: string;
  readonly tone: string;
}

/** What has changed with a record stands on the line of whom it changed. */
function changesOf(now: Message, before: Message | undefined): readonly Change[] {
  const changes: Change[] = [];
  const { state, queued } = now;
  if (state !== before?.state) changes.push({ party: "heartbeat", words: state, tone: state });
  if (queued !== (before?.queued ?? 0))
    changes.push({ party: "session", words: `${queued} queued`, tone: "queue" });
  return changes;
}

interface RowParts {
  readonly clock: ClockWords;
  readonly changes: readonly Change[];
}

function row({ atMs, from, to, words }: Message, index: number, { clock, changes }: RowParts): string {
  const y = yOf(index);
  const said = `<text x="${WORDS_X}" y="${y + 4}">${escaped(words)}</text>`;
  const time = `<text class="soft" x="${MARGIN_PX}" y="${y + 4}">${escaped(clock(atMs))}</text>`;
  const way =
    from === to ? `<circle class="dot" cx="${xOf(from)}" cy="${y}" r="5"/>` : arrow(from, to, y, changes);
  return [time, way, ...changes.map((change) => pill(change, y)), said].join("");
}

function arrow(from: Party, to: Party, y: number, changes: readonly Change[]): string {
  const gap = changes.some(({ party }) => party === to) ? HALF_PILL_PX : 3;
  const end = xOf(to) + (xOf(from) < xOf(to) ? -gap : gap);
  return `<path class="arrow" marker-end="url(#head)" d="M${xOf(from)},${y} H${end}"/>`;
}

const HALF_PILL_PX = 39;

function pill({ party, words, tone }: Change, y: number): string {
  const x = xOf(party);
  return `<g class="pill ${tone}"><rect x="${x - HALF_PILL_PX}" y="${y - 10}" width="${2 * HALF_PILL_PX}" height="20" rx="10"/><text x="${x}" y="${y + 4}">${words}</text></g>`;
}
