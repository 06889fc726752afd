import { readFileSync } from "node:fs";
import type { Bug } from "./bug.ts";
import { CORE_BUGS } from "./core-bugs.ts";
import { DELIVERY_BUGS } from "./delivery-bugs.ts";
import { HOLD_BUGS } from "./hold-bugs.ts";
import { HOST_BUGS } from "./host-bugs.ts";
import { MACHINE_BUGS } from "./machine-bugs.ts";
import { SCHEDULE_BUGS } from "./schedule-bugs.ts";

export const BUGS: readonly Bug[] = [
  ...MACHINE_BUGS,
  ...CORE_BUGS,
  ...HOST_BUGS,
  ...SCHEDULE_BUGS,
  ...DELIVERY_BUGS,
  ...HOLD_BUGS,
];

const ROOT = new URL("../../../", import.meta.url);

export const urlOf = ({ file }: Bug): string => new URL(file, ROOT).href;

/** The file's source with the bug. @throws when the source has changed, so that no bug rots unseen */
export function planted({ id, file, find, replace }: Bug): string {
  const source = readFileSync(new URL(file, ROOT), "utf8");
  const found = source.split(find).length - 1;
  if (found === 1) return source.replace(find, () => replace);
  throw new Error(
    `Bug "${id}": expected its snippet exactly once in ${file}; found it ${found} times. Change the bug.`,
  );
}
