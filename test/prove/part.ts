/** How much to do: `pr` fits into a pull request's checks, `deep` is for a night. */
export type Tier = "pr" | "deep";
export const TIERS: readonly Tier[] = ["pr", "deep"];

/** One thing that was found, with the command that shows it again. */
export interface Finding {
  readonly seed: number;
  readonly message: string;
  readonly reproduce: string;
}

export interface PartRequest {
  readonly tier: Tier;
  /** Only this seed; for what searches, the seed to begin with. */
  readonly seed?: number;
  /** Called now and then with what is done and what is to do. */
  readonly progress: (done: number, all: number) => void;
  /** True once the part has used up its share of the tier's time: what is done by then is what is reported. */
  readonly isOver?: () => boolean;
  /** How long a part that goes by time takes, where the caller said so. */
  readonly minutes?: number;
}

export interface PartResult {
  readonly counts: Readonly<Record<string, number>>;
  readonly failures: readonly Finding[];
  /** What of it was not done, where that is known: the counts are of the rest. */
  readonly incomplete?: string;
  /** More to tell, for the report. */
  readonly details?: unknown;
}

/** One part of the proof. Every part has this shape. */
export interface Part {
  readonly name: string;
  /** Numbers of the invariants that it checks. */
  readonly invariants: readonly string[];
  /** Its share of the tier's time (20 minutes, an hour), in minutes. Alone it may take longer. @default none: it does all that it was meant to */
  readonly minutes?: Readonly<Record<Tier, number>>;
  /** Why it cannot run on this machine and what to install; undefined when it can. */
  readonly missing?: () => string | undefined;
  run(request: PartRequest): Promise<PartResult>;
}
