import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";

/** What a process holds, seen from outside. */
export interface Held {
  readonly handles: number;
  readonly children: number;
  readonly walBytes: number;
}

export function heldBy(pid: number, dataFolder: string): Held {
  const wal = statSync(join(dataFolder, "lubdub.db-wal"), { throwIfNoEntry: false });
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8");
  return {
    handles: readdirSync(`/proc/${pid}/fd`).length,
    children: children.split(" ").filter((child) => child !== "").length,
    walBytes: wal?.size ?? 0,
  };
}

/** Linux counts processor time in hundredths of a second. */
const TICK_MS = 10;

/** Processor time of a process and its threads so far, in milliseconds. */
export function processorMs(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  // The name, in parentheses, may hold anything; user and system time are the 12th and 13th field after it.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
}

export interface Point {
  readonly atMs: number;
  readonly heapBytes: number;
}

export function readProbe(file: string): Point[] {
  const lines = readFileSync(file, "utf8").split("\n");
  return lines.filter((line) => line.endsWith("}")).map((line) => JSON.parse(line) as Point);
}

/** The slope of the straight line that fits best (least squares), in bytes per hour. */
export function slopePerHour(points: readonly Point[]): number {
  const mean = (of: (point: Point) => number): number =>
    points.reduce((sum, point) => sum + of(point), 0) / points.length;
  const atMs = mean((point) => point.atMs);
  const heapBytes = mean((point) => point.heapBytes);
  const covariance = mean((point) => (point.atMs - atMs) * (point.heapBytes - heapBytes));
  const variance = mean((point) => (point.atMs - atMs) ** 2);
  return variance === 0 ? 0 : (covariance / variance) * 3_600_000;
}
