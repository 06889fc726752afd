import { duration } from "../words/time.ts";

/** What is over sooner shows no bar. */
const SHOW_AFTER_MS = 400;
const REDRAW_MS = 100;
const BAR_CHARS = 24;
/** Where the terminal does not say how wide it is, or says 0. */
const COLUMNS_DEFAULT = 80;
const ERASE_LINE = "\r\u001b[K";

/** The part of a terminal that a bar needs. */
export interface BarStream {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

export interface Progress extends Disposable {
  /** So much is done. Cheap: it may be called for every record. */
  at(done: number): void;
  /** Another part of the work begins. */
  step(what: string, total?: number): void;
  /** Takes the bar away, so that something else can be printed. */
  clear(): void;
}

/**
 * A bar on stderr for work that takes long; on anything but a terminal nothing at all. `total` unknown shows a count.
 *
 * @example
 * using bar = progress("reading the log", 20_000);
 * for (const record of records) bar.at(record.position);
 */
export function progress(
  what: string,
  total?: number,
  stream: BarStream = process.stderr,
  nowMs: () => number = () => performance.now(),
): Progress {
  if (stream.isTTY !== true || process.env["TERM"] === "dumb") return SILENT;
  const startedMs = nowMs();
  let drawnMs = startedMs + SHOW_AFTER_MS - REDRAW_MS;
  let isShown = false;
  let now = { what, total };
  const clear = (): void => {
    if (isShown) stream.write(ERASE_LINE);
    isShown = false;
  };
  return {
    at(done) {
      const atMs = nowMs();
      if (atMs - drawnMs < REDRAW_MS) return;
      drawnMs = atMs;
      isShown = true;
      const line = barLine(now.what, done, now.total, atMs - startedMs);
      stream.write(ERASE_LINE + line.slice(0, (stream.columns || COLUMNS_DEFAULT) - 1));
    },
    step(nextWhat, nextTotal) {
      now = { what: nextWhat, total: nextTotal };
    },
    clear,
    [Symbol.dispose]: clear,
  };
}

/** Keeps a bar alive while something goes on that does not say how far it is. */
export async function during<T>(work: Promise<T>, bar: Progress): Promise<T> {
  const timer = setInterval(() => bar.at(0), REDRAW_MS);
  try {
    return await work;
  } finally {
    clearInterval(timer);
  }
}

const SILENT: Progress = { at() {}, step() {}, clear() {}, [Symbol.dispose]() {} };

function barLine(what: string, done: number, total: number | undefined, spentMs: number): string {
  const count = done === 0 ? "" : `  ${done.toLocaleString("en")}`;
  if (total === undefined || total <= 0) return `${what}${count}  ${duration(spentMs)}`;
  const part = Math.min(1, done / total);
  const full = Math.round(part * BAR_CHARS);
  const bar = `[${"#".repeat(full)}${"-".repeat(BAR_CHARS - full)}]`;
  return `${what}  ${bar} ${String(Math.floor(part * 100)).padStart(3)} %${count}  ${duration(spentMs)}`;
}
