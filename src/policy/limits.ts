import type { QuietHours } from "./quiet-hours.ts";

/** What holds wakes back. Nothing is ever dropped: a wake that must wait keeps its events, its key and its wake id. */
export interface Limits {
  /** When sessions are left in peace: ordinary wakes wait until it is over, urgent ones pass. @default never */
  readonly quietHours?: readonly QuietHours[] | undefined;
  /** What each session may do. @default anything */
  readonly session?: RunLimits | undefined;
  /** What each agent may do, over all its sessions. @default anything */
  readonly agent?: RunLimits | undefined;
  /** Whose midnight ends the day of a budget: an IANA name. @default "UTC" */
  readonly zone?: string | undefined;
  /** Runs that are caused by runs, with nothing from outside in between. @default no limit */
  readonly selfWakes?: SelfWakes | false | undefined;
  /** How long an agent rests whose provider refuses every call (`Failed.class`). @default it does not */
  readonly breaker?: { readonly baseMs: number; readonly capMs: number } | false | undefined;
}

/** Bounds on the runs of a session or an agent. A run that was skipped does not count. */
export interface RunLimits {
  /** From the start of one run to that of the next, in milliseconds: 1 to 86_400_000. `manual` and `immediate` pass. */
  readonly spacingMs?: number | undefined;
  /** At most `runs` (1 to 100) starts in `windowMs` (1 to 86_400_000). Only `manual` passes. */
  readonly flood?: { readonly runs: number; readonly windowMs: number } | false | undefined;
  /** At most so many runs or tokens a day. Only `manual` passes. */
  readonly daily?: { readonly runs?: number | undefined; readonly tokens?: number | undefined } | undefined;
}

/** Bounds on runs that wake themselves. */
export interface SelfWakes {
  /** How many runs in a row may cause each other. */
  readonly depth: number;
  /** From then on, one run in this time, until something from outside arrives; in milliseconds. */
  readonly spacingMs: number;
}
