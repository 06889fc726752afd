import { existsSync } from "node:fs";

/** Debian's `bsdutils`, which is always there, has it; its options differ elsewhere. */
const SCRIPT = "/usr/bin/script";

/** Why there is no pseudo-terminal here; undefined when there is one. */
export function terminalMissing(): string | undefined {
  if (process.platform === "linux" && existsSync(SCRIPT)) return undefined;
  return `${SCRIPT} of util-linux is not there: apt-get install bsdutils`;
}

/** The command that runs another one in a pseudo-terminal of this size, which shows in `stty size`. */
export function inTerminal(
  command: readonly string[],
  { columns, rows }: { readonly columns: number; readonly rows: number },
): { readonly file: string; readonly args: readonly string[] } {
  const words = command.map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(" ");
  return { file: SCRIPT, args: ["-qfec", `stty cols ${columns} rows ${rows}; exec ${words}`, "/dev/null"] };
}
