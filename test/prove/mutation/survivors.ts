/** A change of the program that no test can notice, since the program does the same with it. */
export interface Survivor {
  readonly file: string;
  /** The line that it begins in, without its indentation. */
  readonly line: string;
  /** `what is there -> what it is changed to`, white space as one space. */
  readonly changes: readonly string[];
  /** Why it makes no difference. */
  readonly why: string;
}

/** All of them. One that a test notices by now, or that is no longer there, fails the part. */
export const SURVIVORS: readonly Survivor[] = [];
