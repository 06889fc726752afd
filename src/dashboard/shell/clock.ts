import { signal } from "@preact/signals";

/** The time that countdowns go by. It rests while nobody sees the page. */
export const nowMs = signal(Date.now());

const TICK_MS = 500;
setInterval(() => {
  if (!document.hidden) nowMs.value = Date.now();
}, TICK_MS);
addEventListener("visibilitychange", () => (nowMs.value = Date.now()));
