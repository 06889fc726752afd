import type { Delivery, WaitingSession } from "./vocabulary.ts";

/** Which part of a list to answer. */
export interface PageOptions {
  /** Session keys after this one, bytewise. */
  readonly after?: string;
  /** 1 to 1_000. @default 100 */
  readonly limit?: number;
}

/** Which part of the waiting list to answer. */
export interface WaitingPageOptions {
  /** What follows this place: `next` of an earlier page. */
  readonly after?: string;
  /** 1 to 1_000. @default 100 */
  readonly limit?: number;
  /** Only sessions whose key contains this, byte for byte. @default all */
  readonly match?: string;
  /**
   * Where nobody has looked for a minute, all lanes are looked through first: 100,000 take seconds. After so long it answers with
   * what it has found by then (see `lookedThrough`), and goes on looking. 0 to 60_000. @default waits for all
   */
  readonly patienceMs?: number;
}

/** The sessions that are awake or wait, oldest wait first. */
export interface WaitingPage {
  readonly sessions: readonly WaitingSession[];
  /** Pass it as `after`; null: that was all. A session whose oldest event changes meanwhile changes its place. */
  readonly next: string | null;
  /** How many wait or are awake, on all pages. */
  readonly waiting: number;
  /** How many of them are awake. */
  readonly running: number;
  /** Dead letters of all sessions. */
  readonly dead: number;
  /** Which part of all that may wait was looked through, from 0 to 1. Below 1 (only with `patienceMs`) more may come, also before these. */
  readonly lookedThrough: number;
}

/** Which deliveries to list. */
export interface DeliveryPage {
  /** Delivery ids after this one, bytewise. */
  readonly after?: string;
  /** 1 to 1_000. @default 100 */
  readonly limit?: number;
  /** Only this session's. */
  readonly sessionKey?: string;
  /** Only those in this state. */
  readonly state?: Delivery["state"];
}
