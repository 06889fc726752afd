import type { Ran, Usage } from "../vocabulary.ts";

const REPLY_CHARS_MAX = 65_536;
const MARKS_MAX = 100;
const MARK_NAME_CHARS_MAX = 256;
const NOISE_MAX = 10_000;
const MEDIA_MAX = 32;
const MEDIA_CHARS_MAX = 2_048;

/** Whatever says that it ran: what else it says is taken only in the form that the log keeps. */
export function checkedRan(said: Readonly<Record<string, unknown>>): Ran & { readonly usageRefused?: true } {
  const { reply, usage, marks, noise, media, notify } = said;
  const used = checkedUsage(usage);
  const noted = checkedMarks(marks);
  const unseen = Array.isArray(noise) ? noise.filter((id) => typeof id === "string").slice(0, NOISE_MAX) : [];
  const shown = Array.isArray(media) ? media.filter(isMedium).slice(0, MEDIA_MAX) : [];
  return {
    status: "ran",
    ...(typeof reply === "string" ? { reply: reply.slice(0, REPLY_CHARS_MAX) } : {}),
    ...(shown.length > 0 && { media: shown }),
    ...(typeof notify === "boolean" && { notify }),
    ...(used === REFUSED ? { usageRefused: true } : used && { usage: used }),
    ...(noted && { marks: noted }),
    ...(unseen.length > 0 && { noise: unseen }),
  };
}

const REFUSED = "refused";

/** Budgets are counted by it: what is no count is not guessed at, and the log says so. */
function checkedUsage(usage: unknown): Usage | typeof REFUSED | undefined {
  if (usage === undefined) return undefined;
  const { inputTokens = 0, outputTokens = 0 } = asObject(usage);
  if (typeof usage !== "object" || usage === null) return REFUSED;
  if (!isCount(inputTokens) || !isCount(outputTokens)) return REFUSED;
  return inputTokens + outputTokens === 0 ? undefined : { inputTokens, outputTokens };
}

function checkedMarks(marks: unknown): Ran["marks"] {
  const noted = Object.entries(asObject(marks)).filter(
    (mark): mark is [string, number] => mark[0].length <= MARK_NAME_CHARS_MAX && Number.isFinite(mark[1]),
  );
  return noted.length === 0 ? undefined : Object.fromEntries(noted.slice(-MARKS_MAX));
}

const asObject = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null ? (value as Readonly<Record<string, unknown>>) : {};

const isMedium = (item: unknown): item is string =>
  typeof item === "string" && item !== "" && item.length <= MEDIA_CHARS_MAX;

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;
