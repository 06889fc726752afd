import type { Run } from "../../machines/index.ts";

/** What a transition asks the host to do once it is committed. Effects are data; in a replay they are thrown away. */
export interface RunEffect {
  readonly type: "run.begin";
  readonly lane: string;
  readonly run: Run;
}

export type Effect = RunEffect;
