import { whySentence } from "../../core/why-words.ts";
import type { Why } from "../../vocabulary.ts";
import { nowMs } from "../shell/clock.ts";
import { lengthWords } from "./time.tsx";

/** Why a session is not awake yet, in the words that the command line has: it counts down. */
export function WhySentence({ why }: { readonly why: Why }) {
  return <span class="why">{whySentence(why, nowMs.value)}</span>;
}

/** How long until it is looked at again. */
export function Countdown({ untilMs }: { readonly untilMs: number | null }) {
  if (untilMs === null) return null;
  const leftMs = untilMs - nowMs.value;
  return <span class="countdown">{leftMs <= 0 ? "now" : `in ${lengthWords(leftMs + 999)}`}</span>;
}
