/** A real bug, as one change of the source. */
export interface Bug {
  readonly id: string;
  /** Where it was seen: an issue of the reference (`#14241`), a problem of the list (`problem 9`), or a note. */
  readonly seen: string;
  /** From the root of the repository. */
  readonly file: string;
  /** Stands in the file exactly once. */
  readonly find: string;
  readonly replace: string;
}
