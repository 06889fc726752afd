import { useEffect, useRef } from "preact/hooks";
import { views } from "../views/index.ts";
import { heardAtMs, liveness, newestPosition, onRecord } from "./live.ts";
import { nowMs } from "./clock.ts";
import { signOut } from "./sign-in.ts";
import { theme, type Theme } from "./theme.ts";

export function Header({ current }: { readonly current: string }) {
  return (
    <header class="top">
      <a class="brand" href="#now" aria-label="Lubdub, to the start">
        <Pulse />
        <span>lubdub</span>
      </a>
      <nav aria-label="Views">
        {views
          .filter(({ inMenu }) => inMenu)
          .map(({ name, title }) => (
            <a key={name} href={`#${name}`} aria-current={name === current ? "page" : undefined}>
              {title}
            </a>
          ))}
      </nav>
      <Liveness />
      <ThemeChoice />
      <button type="button" class="quiet" onClick={() => void signOut()}>
        Sign out
      </button>
    </header>
  );
}

/** Beats once for each moment in which something happened. */
function Pulse() {
  const line = useRef<SVGPathElement>(null);
  useEffect(
    () =>
      onRecord(() => {
        const beating = line.current?.getAnimations() ?? [];
        if (beating.some(({ playState }) => playState === "running")) return;
        for (const animation of beating) animation.cancel();
        line.current?.classList.remove("beat");
        requestAnimationFrame(() => line.current?.classList.add("beat"));
      }),
    [],
  );
  return (
    <svg viewBox="0 0 32 24" width="32" height="24" aria-hidden="true">
      <path ref={line} pathLength={1} d="M1 14h7l2.5-9 4 15 3-10 2 4H31" />
    </svg>
  );
}

function Liveness() {
  const state = liveness.value;
  const silentS = Math.max(0, Math.round((nowMs.value - heardAtMs.value) / 1_000));
  const words =
    state === "live"
      ? "live"
      : state === "connecting"
        ? "connecting"
        : `stale: nothing heard for ${silentS} s`;
  return (
    <span class="liveness" data-state={state} title={`newest record: ${newestPosition.value}`}>
      <span class="dot" aria-hidden="true" />
      {/* Spoken when it changes, not with every second. */}
      <span class="hidden" role="status">
        {state === "stale" ? "Stale: the daemon is not heard" : state}
      </span>
      <span aria-hidden="true">{words}</span>
    </span>
  );
}

const THEMES: readonly Theme[] = ["system", "light", "dark"];

function ThemeChoice() {
  return (
    <label class="theme">
      <span class="hidden">Colours</span>
      <select
        value={theme.value}
        onChange={({ currentTarget }) => (theme.value = currentTarget.value as Theme)}
      >
        {THEMES.map((name) => (
          <option key={name} value={name}>
            {name}
          </option>
        ))}
      </select>
    </label>
  );
}
