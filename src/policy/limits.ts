import type { QuietHours } from "./quiet-hours.ts";

/** What holds wakes back. Nothing is ever dropped: a wake that must wait keeps its events, its key and its wake id. */
export interface Limits {
  /** When sessions are left in peace: ordinary wakes wait until it is over, urgent ones pass. @default never */
  readonly quietHours?: readonly QuietHours[] | undefined;
}
