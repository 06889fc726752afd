import { useEffect } from "preact/hooks";
import type { Step } from "../../../past.ts";
import { setArgs } from "../../shell/router.ts";

const SPEED_MIN = 0.2;
const SPEED_MAX = 100;

interface ScrubberProps {
  readonly steps: readonly Step[];
  /** Which step is shown. */
  readonly index: number;
  /** Follows what happens. */
  readonly isLive: boolean;
  readonly isPlaying: boolean;
  /** Steps a second. */
  readonly speed: number;
}

/** Where it stands and how fast it goes are in the address. */
export const speedOf = (text = "2"): number =>
  Math.min(SPEED_MAX, Math.max(SPEED_MIN, Number.isFinite(Number(text)) ? Number(text) : 2));

/** Travels through a session's steps: by hand, with the arrow keys, or by itself. */
export function Scrubber({ steps, index, isLive, isPlaying, speed }: ScrubberProps) {
  const last = steps.length - 1;
  const go = (to: number, playing = false): void => {
    const step = steps[Math.max(0, Math.min(last, to))];
    setArgs({ at: step && String(step.record.position), play: playing ? "1" : undefined, if: undefined });
  };
  useEffect(() => {
    if (!isPlaying) return;
    const timer = setTimeout(() => go(index + 1, index + 1 < last), 1_000 / speed);
    return () => clearTimeout(timer);
  });
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      const { target, key, ctrlKey, metaKey, altKey } = event;
      const isTaken = target instanceof HTMLElement && target.closest("input, select, textarea, .chart");
      if (isTaken !== null && isTaken !== false) return;
      if (ctrlKey || metaKey || altKey || !(key in STEP_KEYS)) return;
      event.preventDefault();
      go(index + (STEP_KEYS[key] ?? 0));
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  });
  const playFrom = index >= last ? 0 : index;
  return (
    <div class="scrubber" role="group" aria-label="Time travel">
      <button type="button" disabled={index <= 0} onClick={() => go(0)} aria-label="First step">
        |◀
      </button>
      <button type="button" disabled={index <= 0} onClick={() => go(index - 1)} aria-label="Step back">
        ◀
      </button>
      <button type="button" disabled={last < 1} onClick={() => go(isPlaying ? index : playFrom, !isPlaying)}>
        {isPlaying ? "Pause" : "Play"}
      </button>
      <button type="button" disabled={index >= last} onClick={() => go(index + 1)} aria-label="Step on">
        ▶
      </button>
      <input
        type="range"
        aria-label="Step"
        min={0}
        max={Math.max(0, last)}
        value={index}
        disabled={last < 1}
        aria-valuetext={steps[index] && `record ${steps[index].record.position}`}
        onInput={({ currentTarget }) => go(Number(currentTarget.value))}
      />
      <label class="speed">
        <input
          type="number"
          min={SPEED_MIN}
          max={SPEED_MAX}
          step="any"
          value={speed}
          onChange={({ currentTarget }) => setArgs({ speed: String(speedOf(currentTarget.value)) })}
        />
        steps a second
      </label>
      <button
        type="button"
        aria-pressed={isLive}
        onClick={() => setArgs({ at: undefined, play: undefined, if: undefined })}
      >
        Live
      </button>
    </div>
  );
}

const STEP_KEYS: Readonly<Record<string, number>> = { ArrowLeft: -1, ArrowRight: 1 };
