import { computed, signal } from "@preact/signals";

/** Everything that a view shows stands in the address: `#log?session=KEY&type=run.ran`. */
export type ViewName = "now" | "session" | "wake" | "statechart" | "schedules" | "log";
export type Args = Readonly<Record<string, string>>;

interface Place {
  /** As it stands in the address: there may be no such view. */
  readonly view: string;
  readonly args: Args;
}

const hash = signal(location.hash);
addEventListener("hashchange", () => (hash.value = location.hash));

export const place = computed<Place>(() => {
  const [view = "", search = ""] = hash.value.replace(/^#/, "").split("?", 2);
  return { view: view === "" ? "now" : view, args: Object.fromEntries(new URLSearchParams(search)) };
});

export function hrefOf(view: ViewName, args: Readonly<Record<string, string | undefined>> = {}): string {
  const given = Object.entries(args).flatMap(([name, value]) =>
    value === undefined || value === "" ? [] : [[name, value]],
  );
  return `#${view}${given.length === 0 ? "" : `?${new URLSearchParams(given).toString()}`}`;
}

/** Changes what the view shows, in place: no step in the history, for filters and sliders. */
export function setArgs(changed: Readonly<Record<string, string | undefined>>): void {
  const { view, args } = place.value;
  replacePlace(hrefOf(view as ViewName, { ...args, ...changed }));
}

export function replacePlace(href: string): void {
  history.replaceState(null, "", href);
  hash.value = location.hash;
}
