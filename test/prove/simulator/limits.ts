import type { WakeHeld } from "../../../src/core/records.ts";
import { must } from "./promise.ts";

/** Who gets past each policy: written down from the promises, not taken from the machines. */
const PASSES: Readonly<Record<string, string>> = {
  "quiet-hours": "manual immediate",
  cooldown: "manual immediate",
  flood: "manual",
  budget: "manual",
  "self-wake": "manual",
  "circuit-open": "manual",
};

export const passes = (intent: string, hold: string): boolean => PASSES[hold]?.includes(intent) ?? false;

interface Waiting {
  notBeforeMs: number | null;
  waitsFor: string;
}

/** A policy holds a pending wake back: later ordinary requests do not shorten that. */
export function held(session: Waiting, { facts, atMs }: WakeHeld): void {
  must(facts.dueAtMs > atMs, "L2 what is held back is not looked at again at once");
  must(session.notBeforeMs !== null, "S11 only a wake that is pending is held back");
  session.notBeforeMs = facts.dueAtMs;
  session.waitsFor = facts.reason;
}
