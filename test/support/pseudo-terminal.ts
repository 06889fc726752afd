import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, readlinkSync } from "node:fs";

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

/** The command that runs in the pseudo-terminal of such a process, once it is there. */
export function insideOf(scriptPid: number): TerminalProcess | undefined {
  const [pid] = readFileSync(`/proc/${scriptPid}/task/${scriptPid}/children`, "utf8").trim().split(" ");
  if (pid === undefined || pid === "") return undefined;
  const terminal = readlinkSync(`/proc/${pid}/fd/0`);
  return {
    pid: Number(pid),
    resize: ({ columns, rows }) =>
      void execFileSync("stty", ["-F", terminal, "cols", String(columns), "rows", String(rows)]),
    settings: () => execFileSync("stty", ["-F", terminal, "-a"], { encoding: "utf8" }),
  };
}

export interface TerminalProcess {
  readonly pid: number;
  /** As when somebody draws the window smaller. */
  readonly resize: (size: { readonly columns: number; readonly rows: number }) => void;
  /** What `stty -a` says of the terminal. */
  readonly settings: () => string;
}
