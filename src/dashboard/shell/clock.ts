import { signal } from "@preact/signals";

/** The daemon's time, which countdowns go by. It rests while nobody sees the page. */
export const nowMs = signal(Date.now());

const TICK_MS = 500;
/** The daemon says its time in whole seconds: a smaller difference may be none. */
const DIFFERENCE_MS_MIN = 2_000;
let aheadMs = 0;

const tick = (): void => {
  if (!document.hidden) nowMs.value = Date.now() + aheadMs;
};
setInterval(tick, TICK_MS);
addEventListener("visibilitychange", tick);

/** The daemon may run on another machine, with another clock. */
export function noticeTime({ headers }: Response): void {
  const differenceMs = Date.parse(headers.get("date") ?? "") - Date.now();
  aheadMs = Math.abs(differenceMs) > DIFFERENCE_MS_MIN ? differenceMs : 0;
  tick();
}
