import type { Operation } from "./recording.ts";

const SECTOR_BYTES = 512;

type Change = Extract<Operation, { op: "write" } | { op: "truncate" }>;

interface File {
  durable: Buffer;
  pending: Change[];
  /** Whether its name is sure to be there. */
  named: boolean;
}

/** How the power goes: every sector that was not synced is kept with this probability. */
export interface Outage {
  readonly keep: number;
  readonly random: () => number;
}

/**
 * A disk that keeps what was synced and nothing else for sure. A sync of a file makes its bytes durable, and all names in the
 * folder, as ext4's journal does. A write is kept or lost by sectors, a truncation or removal as a whole.
 */
export class Disk {
  readonly #files = new Map<string, File>();
  readonly #removed = new Map<string, File>();
  readonly #isHonest: boolean;

  /** @param isHonest - false for a disk that says "synced" and does nothing, as a negative control */
  constructor(isHonest = true) {
    this.#isHonest = isHonest;
  }

  apply(operation: Operation): void {
    if (operation.op === "sync") this.#sync(operation.file);
    else if (operation.op === "unlink") this.#remove(operation.file);
    else if (operation.op === "write" || operation.op === "truncate")
      this.#file(operation.file).pending.push(operation);
  }

  /** The files as they may be found after the power went now. */
  *afterOutage(outage: Outage): Iterable<readonly [name: string, bytes: Buffer]> {
    const names = new Set([...this.#files.keys(), ...this.#removed.keys()]);
    for (const name of names) {
      const removed = this.#removed.get(name);
      const file = this.#files.get(name);
      if (removed !== undefined && !isKept(outage)) yield* found(name, removed, outage);
      else if (file !== undefined && (file.named || isKept(outage))) yield* found(name, file, outage);
    }
  }

  #file(name: string): File {
    const file = this.#files.get(name) ?? { durable: Buffer.alloc(0), pending: [], named: false };
    this.#files.set(name, file);
    return file;
  }

  #sync(name: string): void {
    if (!this.#isHonest) return;
    this.#removed.clear();
    for (const file of this.#files.values()) file.named = true;
    if (name === ".") return;
    const file = this.#file(name);
    file.durable = changed(file.durable, file.pending);
    file.pending = [];
    file.named = true;
  }

  #remove(name: string): void {
    const file = this.#files.get(name);
    if (file === undefined) return;
    this.#files.delete(name);
    if (file.named) this.#removed.set(name, file);
  }
}

const isKept = ({ keep, random }: Outage): boolean => random() < keep;

function* found(
  name: string,
  { durable, pending }: File,
  outage: Outage,
): Iterable<readonly [string, Buffer]> {
  const changes = pending.flatMap((change) => kept(change, outage));
  yield [name, changed(durable, changes)];
}

function kept(change: Change, outage: Outage): Change[] {
  if (change.op === "truncate") return isKept(outage) ? [change] : [];
  const { offset, bytes } = change;
  const sectors: Change[] = [];
  for (let from = 0; from < bytes.length;) {
    const to = Math.min(
      bytes.length,
      (Math.floor((offset + from) / SECTOR_BYTES) + 1) * SECTOR_BYTES - offset,
    );
    if (isKept(outage)) sectors.push({ ...change, offset: offset + from, bytes: bytes.subarray(from, to) });
    from = to;
  }
  return sectors;
}

/** A copy with the changes, in order; what lies between an old end and a new one is zero. */
function changed(before: Buffer, changes: readonly Change[]): Buffer {
  const after = Buffer.alloc(changes.reduce((size, change) => Math.max(size, endOf(change)), before.length));
  before.copy(after);
  let size = before.length;
  for (const change of changes) {
    if (change.op === "write") change.bytes.copy(after, change.offset);
    else after.fill(0, change.size);
    size = change.op === "write" ? Math.max(size, endOf(change)) : change.size;
  }
  return after.subarray(0, size);
}

const endOf = (change: Change): number =>
  change.op === "write" ? change.offset + change.bytes.length : change.size;
