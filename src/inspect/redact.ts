/** Items of one list that are shown; a lane may have 100,000 wakes pending. */
const LIST_ITEMS_MAX = 100;
const DEPTH_MAX = 12;

/** Words of people and agents: hidden unless asked for. */
const TEXT_KEYS: ReadonlySet<string> = new Set(["text", "data", "reply", "message"]);
/** Never shown. */
const SECRET_KEY = /token|secret|passw|authorization|cookie|api[-_]?key|private[-_]?key|credential/i;

export interface RedactionOptions {
  /** Replaced wherever it turns up. */
  readonly token: string;
  readonly showTexts: boolean;
}

/** Makes the copy of a context or an event that viewers may see: plain JSON, cut to size, without texts and secrets. */
export function createRedaction({ token, showTexts }: RedactionOptions): (value: unknown) => unknown {
  const hidden = (key: string, value: unknown): string | null => {
    if (value === null || value === undefined) return null;
    if (SECRET_KEY.test(key)) return "[secret]";
    return !showTexts && TEXT_KEYS.has(key) ? "[redacted]" : null;
  };
  const seen = (value: unknown, depth: number): unknown => {
    if (typeof value === "string") return value.replaceAll(token, "[secret]");
    if (typeof value === "bigint") return String(value);
    if (typeof value !== "object" || value === null) return value;
    if (depth === DEPTH_MAX) return "[deeper]";
    if (isIterable(value)) return firstItems(value).map((item) => seen(item, depth + 1));
    if ("toJSON" in value && typeof value.toJSON === "function") return seen(value.toJSON(), depth + 1);
    return Object.fromEntries(
      Object.entries(value).map(([key, inner]) => [key, hidden(key, inner) ?? seen(inner, depth + 1)]),
    );
  };
  return (value) => seen(value, 0);
}

const isIterable = (value: object): value is Iterable<unknown> => Symbol.iterator in value;

function firstItems(list: Iterable<unknown>): unknown[] {
  const items: unknown[] = [];
  for (const item of list) {
    if (items.length === LIST_ITEMS_MAX) return [...items, "[more]"];
    items.push(item);
  }
  return items;
}
