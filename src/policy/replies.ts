/** What an agent answered, as far as its user is concerned. */
export interface Reply {
  readonly text?: string;
  /** Addresses or paths of pictures, sounds and files. Never dropped, whatever the text says. */
  readonly media?: readonly string[];
  /** `false`: the agent says itself that nobody needs to be told. */
  readonly notify?: boolean;
}

/** Why a reply is not sent: it is empty, an acknowledgement in words, or one as data. */
export type Silence = "ok-empty" | "ok-token" | "no-reply" | "notify-false";

/** What becomes of a reply: something for people, or nothing. */
export type Verdict =
  | { readonly kind: "alert"; readonly text: string; readonly media: readonly string[] }
  | { readonly kind: "silent"; readonly why: Silence };

export interface ReplyPolicy {
  /** What the agent puts, or should put, before its messages, e.g. `[helper]`. @default none */
  readonly responsePrefix?: string;
  /** With `HEARTBEAT_OK`, this many further characters are still an acknowledgement. @default 300 */
  readonly ackMaxChars?: number;
}

/** The agent's word for "all is well". */
const ACK_TOKEN = "HEARTBEAT_OK";
/** The agent's word for "I say nothing". What stands beside it is said all the same, without the word. */
const SILENT_TOKEN = "NO_REPLY";
const ACK_MAX_CHARS = 300;

/**
 * The one place where replies are judged, whatever woke the agent. A structured reply is read first: a whole text that is a
 * JSON object with a boolean `notify` is data (`{ "notify": false }`, `{ "notify": true, "text": "...", "media": [] }`), so
 * that commands and servers can say it too. Then the prefix goes, the acknowledgement words are looked for at either
 * end, and what is left for people gets the prefix back once.
 *
 * @example judge({ text: "[helper] **HEARTBEAT_OK**" }, { responsePrefix: "[helper]" }) // silent, ok-token
 */
export function judge(
  given: Reply,
  { responsePrefix = "", ackMaxChars = ACK_MAX_CHARS }: ReplyPolicy = {},
): Verdict {
  const { text = "", media = [], notify } = structured(given);
  const alert = (words: string): Verdict => ({
    kind: "alert",
    text: withPrefix(words, responsePrefix),
    media,
  });
  const silent = (why: Silence, left = ""): Verdict =>
    media.length > 0 ? alert(left) : { kind: "silent", why };

  if (notify === false) return silent("notify-false");
  const bare = withoutPrefix(text, responsePrefix);
  if (isBlank(bare)) return silent("ok-empty");
  const { rest, acked, silenced } = withoutTokens(bare, responsePrefix);
  if (acked && rest.length <= ackMaxChars) return silent("ok-token", rest);
  if (silenced && rest === "") return silent("no-reply");
  return alert(acked || silenced ? rest : text);
}

/** The acknowledgement as it is shown where somebody wants to see that all is well. */
export const shownAck = ({ responsePrefix = "" }: ReplyPolicy): string =>
  withPrefix(ACK_TOKEN, responsePrefix);

/** Longer texts are prose that happens to be JSON. */
const STRUCTURED_CHARS_MAX = 65_536;

function structured(reply: Reply): Reply {
  const text = reply.text?.trim() ?? "";
  if (!text.startsWith("{") || !text.endsWith("}") || text.length > STRUCTURED_CHARS_MAX) return reply;
  const data = parsed(text);
  if (typeof data?.notify !== "boolean") return reply;
  const media = Array.isArray(data.media) ? data.media.filter((item) => typeof item === "string") : [];
  return {
    text: typeof data.text === "string" ? data.text : "",
    media: [...(reply.media ?? []), ...media],
    notify: reply.notify ?? data.notify,
  };
}

function parsed(text: string): Record<string, unknown> | null {
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return null;
  }
}

/** Whatever nobody sees: white space, control and format characters. */
const isBlank = (text: string): boolean => /^[\s\p{Cc}\p{Cf}\p{Default_Ignorable_Code_Point}]*$/u.test(text);

/**
 * Without the configured prefix at its start, however often it stands there. Case does not count. The prefix ends where a word
 * ends: "Hi" does not eat "History" (OpenClaw #18602).
 */
function withoutPrefix(text: string, prefix: string): string {
  let rest = text.trim();
  for (let next = cutPrefix(rest, prefix); next !== null; next = cutPrefix(rest, prefix)) rest = next;
  return rest;
}

function cutPrefix(text: string, prefix: string): string | null {
  const wanted = prefix.trim();
  if (wanted === "" || text.slice(0, wanted.length).toLowerCase() !== wanted.toLowerCase()) return null;
  const rest = text.slice(wanted.length);
  return /^(?:$|[\s\p{P}\p{S}])/u.test(rest) ? rest.trimStart() : null;
}

/** With the prefix once: a text that has it already keeps it as the agent wrote it. */
function withPrefix(text: string, prefix: string): string {
  let once = text.trim();
  const wanted = prefix.trim();
  if (wanted === "" || once === "") return once;
  if (cutPrefix(once, wanted) === null) return `${wanted} ${once}`;
  for (let next = cutPrefix(once, wanted); next !== null && cutPrefix(next, wanted) !== null;) {
    once = next;
    next = cutPrefix(once, wanted);
  }
  return once;
}

/** What may stand around a token: tags, emphasis, quotes, white space. */
const TAG = "<\\/?[a-zA-Z][^<>]{0,100}>|&nbsp;";
const MARKS_BEFORE = new RegExp(`^(?:${TAG}|[*_~\`>#"'\\s\\p{Cf}])+`, "u");
const TAG_AFTER = new RegExp(`(?:${TAG})$`, "u");
const MARK = /[*_~`"'\s\p{Cf}]/u;
/** What belongs to a token at the start: the sentence's own punctuation, and the end of its markup. */
const ATTACHED = new RegExp(`^(?:${TAG}|[*_~\`"'.,:;!?…)\\]\\-–—])+`, "u");
/** After a token at the end, so many characters that are no letters, digits or `_` may follow. */
const TRAILING_CHARS_MAX = 4;
const TAG_CHARS_MAX = 110;

/**
 * The text without these tokens at its start and its end, however often they stand there. In the middle they are words like
 * any other. Case does not count.
 */
function withoutTokens(text: string, prefix: string): { rest: string; acked: boolean; silenced: boolean } {
  const found = { rest: text, acked: false, silenced: false };
  for (;;) {
    const afterAck = withoutToken(found.rest, ACK_TOKEN);
    const next = afterAck ?? withoutToken(found.rest, SILENT_TOKEN);
    if (next === null) return found;
    found.rest = withoutPrefix(next, prefix);
    if (afterAck === null) found.silenced = true;
    else found.acked = true;
  }
}

const withoutToken = (text: string, token: string): string | null =>
  cutStart(text, token) ?? cutEnd(text, token);

function cutStart(text: string, token: string): string | null {
  const bare = text.replace(MARKS_BEFORE, "");
  if (bare.slice(0, token.length).toUpperCase() !== token) return null;
  const after = bare.slice(token.length);
  return /^[\p{L}\p{N}]|^_+[\p{L}\p{N}]/u.test(after) ? null : after.replace(ATTACHED, "").trim();
}

function cutEnd(text: string, token: string): string | null {
  const bare = withoutMarksAfter(text);
  const from = Math.max(0, bare.length - token.length - TRAILING_CHARS_MAX);
  const at = bare.slice(from).search(new RegExp(`${token}[^\\p{L}\\p{N}_]{0,${TRAILING_CHARS_MAX}}$`, "iu"));
  const before = at < 0 ? "" : bare.slice(0, from + at);
  return at < 0 || /[\p{L}\p{N}]$/u.test(before) ? null : withoutMarksAfter(before);
}

/** Step by step from the end: a pattern would try every start of a long run of blanks. */
function withoutMarksAfter(text: string): string {
  let end = text.length;
  for (;;) {
    while (end > 0 && MARK.test(text.charAt(end - 1))) end--;
    const tag = TAG_AFTER.exec(text.slice(Math.max(0, end - TAG_CHARS_MAX), end));
    if (tag === null) return text.slice(0, end);
    end -= tag[0].length;
  }
}
