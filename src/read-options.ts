/** Which records to read. */
export interface ReadOptions {
  /** Records after this position. @default 0: from the oldest still held */
  readonly after?: number;
  /** The last records before this position, down to `after`: to go back page by page, name the first position of the page before. */
  readonly before?: number;
  /** At most this many, 1 to 10_000. @default 1_000 */
  readonly limit?: number;
  /** Only this session's. Without `before` its newest 10_000 are looked through, and no more. */
  readonly sessionKey?: string;
}
