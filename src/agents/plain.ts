import { showHidden } from "../hidden.ts";

/** Text that others wrote, made visible: every hidden character is shown as its escape, e.g. `\u001b`. */
export function plain(text: string): string {
  return showHidden(text.replaceAll("\r\n", "\n"));
}

/** The same, quoted on one line: what is inside cannot end the quote or the line. */
export function quoted(text: string): string {
  return showHidden(JSON.stringify(text));
}
