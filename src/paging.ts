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
