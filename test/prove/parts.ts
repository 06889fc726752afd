import { fuzz } from "./fuzz/part.ts";
import { interleavings } from "./interleavings/part.ts";
import { load } from "./load/part.ts";
import { museum } from "./museum/part.ts";
import type { Part } from "./part.ts";
import { corruption } from "./parts/corruption.ts";
import { kill, killDaemonPart } from "./parts/kill.ts";
import { mutation } from "./parts/mutation.ts";
import { powerLoss } from "./parts/power-loss.ts";
import { security } from "./parts/security.ts";
import { syscalls } from "./parts/syscalls.ts";
import { simulator } from "./simulator/part.ts";
import { soak } from "./soak/part.ts";

/** All parts of the proof, in the order in which they run. */
export const PARTS: readonly Part[] = [
  simulator,
  museum,
  interleavings,
  fuzz,
  security,
  kill,
  killDaemonPart,
  powerLoss,
  corruption,
  syscalls,
  load,
  soak,
  mutation,
];
