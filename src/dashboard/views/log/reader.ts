import type { LogRecord } from "../../../core/records.ts";
import type { ApiError } from "../../shell/api.ts";
import { asApiError, onRecord } from "../../shell/live.ts";
import { matches, NEWEST, recordsBefore, type LogFilter } from "./filter.ts";

/** Kept in the page while it follows: what is older is read again when it is wanted. */
const KEPT_MAX = 20_000;
/** So many records are looked through at once for so many that match; then it waits to be asked for more. */
export const LOOK_MAX = 10_000;
const WANTED = 200;

/** The log backwards from now, as far as it was asked for, and what comes to it. */
export class LogReader {
  readonly #filter: LogFilter;
  readonly #changed: () => void;
  readonly #gone = new AbortController();
  #stop: () => void = () => {};
  #arrived: LogRecord[] = [];
  #frame = 0;
  #isFollowing = true;
  /** Those that match, newest first. */
  records: readonly LogRecord[] = [];
  /** New ones, newest first, while it does not follow. */
  heldBack: readonly LogRecord[] = [];
  /** All after this position were looked at. */
  lookedTo = NEWEST;
  isLoading = false;
  error: ApiError | undefined;

  constructor(filter: LogFilter, changed: () => void) {
    this.#filter = filter;
    this.#changed = changed;
  }

  start(): void {
    this.#stop = onRecord((record) => {
      if (record === null) return this.#beginAnew();
      if (!matches(record, this.#filter)) return;
      this.#arrived.push(record);
      // Thousands may come at once: they are taken in once a frame.
      this.#frame ||= requestAnimationFrame(() => this.#takeIn());
    });
    void this.lookFurther();
  }

  close(): void {
    this.#stop();
    this.#gone.abort();
    cancelAnimationFrame(this.#frame);
  }

  follow(isFollowing: boolean): void {
    this.#isFollowing = isFollowing;
    if (isFollowing) this.#show(this.heldBack);
    this.#changed();
  }

  get isAtTheEnd(): boolean {
    return this.lookedTo <= 1;
  }

  async lookFurther(): Promise<void> {
    if (this.isLoading || this.isAtTheEnd) return;
    this.isLoading = true;
    this.error = undefined;
    this.#changed();
    try {
      for (let looked = 0, found = 0; looked < LOOK_MAX && found < WANTED && !this.isAtTheEnd;) {
        const page = await recordsBefore(this.lookedTo, this.#filter.sessionKey, this.#gone.signal);
        const oldest = this.records.at(-1)?.position ?? NEWEST;
        const matching = page.filter((record) => record.position < oldest && matches(record, this.#filter));
        looked += page.length;
        found += matching.length;
        this.lookedTo = page.at(-1)?.position ?? 0;
        this.records = [...this.records, ...matching];
        this.#changed();
      }
    } catch (error) {
      this.error = asApiError(error);
    }
    this.isLoading = false;
    if (!this.#gone.signal.aborted) this.#changed();
  }

  /** After a break some may be missing. */
  #beginAnew(): void {
    if (this.isLoading) return;
    this.records = [];
    this.heldBack = [];
    this.lookedTo = NEWEST;
    void this.lookFurther();
  }

  #takeIn(): void {
    this.#frame = 0;
    const newest = this.heldBack[0]?.position ?? this.records[0]?.position ?? 0;
    const news = this.#arrived.filter(({ position }) => position > newest).toReversed();
    this.#arrived = [];
    if (this.#isFollowing) this.#show(news);
    else this.heldBack = [...news, ...this.heldBack].slice(0, KEPT_MAX);
    this.#changed();
  }

  #show(news: readonly LogRecord[]): void {
    this.heldBack = [];
    this.records = [...news, ...this.records];
    if (this.records.length <= KEPT_MAX) return;
    this.records = this.records.slice(0, KEPT_MAX);
    this.lookedTo = this.records.at(-1)?.position ?? NEWEST;
  }
}
