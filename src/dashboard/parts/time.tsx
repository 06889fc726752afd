import { nowMs } from "../shell/clock.ts";

/** `14 s`, `1 min 50 s`, `35 min`, `3 h 10 min`, `2 d`. */
export function lengthWords(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1_000));
  if (seconds < 100) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 10) return `${minutes} min ${seconds % 60} s`;
  if (minutes < 100) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours} h ${minutes % 60} min` : `${Math.floor(hours / 24)} d`;
}

/** How long ago: counts on. */
export function Age({ atMs }: { readonly atMs: number }) {
  return (
    <time dateTime={new Date(atMs).toISOString()} title={new Date(atMs).toLocaleString()}>
      {lengthWords(nowMs.value - atMs)}
    </time>
  );
}

/** The reader's own time zone, and the one that everybody knows. */
export const HERE = Intl.DateTimeFormat().resolvedOptions().timeZone;
export const UTC = "UTC";

/** Making one costs more than using it a thousand times. */
const formats = new Map<string, Intl.DateTimeFormat>();

/** `Tue 24 Nov, 09:00:00`, as it is in a time zone. */
export function timeIn(zone: string, atMs: number): string {
  let format = formats.get(zone);
  if (format === undefined) {
    format = new Intl.DateTimeFormat("en-GB", {
      timeZone: zone,
      weekday: "short",
      day: "numeric",
      month: "short",
      hour: "2-digit",
      minute: "2-digit",
      second: "2-digit",
    });
    formats.set(zone, format);
  }
  return format.format(atMs);
}
