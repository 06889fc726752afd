import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import type { Bug } from "./bug.ts";
import { planted } from "./planted.ts";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));
const TSC = join(ROOT, "node_modules/.bin/tsc");

/**
 * What the compiler says of each planted source, all of them in one program. A bug that does not compile any more breaks every
 * seed in its own way: a call that throws looks like the loss that it was to show, and the simulator would be praised for it.
 */
export function typeErrors(bugs: readonly Bug[]): readonly string[] {
  mkdirSync(join(ROOT, "reports"), { recursive: true });
  const folder = mkdtempSync(join(ROOT, "reports", "museum-"));
  try {
    for (const bug of bugs) write(join(folder, copyOf(bug)), planted(bug));
    write(join(folder, "tsconfig.json"), JSON.stringify(configOf(folder, bugs)));
    const { error, stdout, status } = spawnSync(TSC, ["-p", folder, "--pretty", "false"], {
      cwd: folder,
      encoding: "utf8",
    });
    if (error !== undefined) throw error;
    const said = stdout.split("\n").filter((line) => line.includes(": error "));
    return status === 0 || said.length > 0 ? said : [`tsc ended with ${status}: ${stdout}`];
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Beside its original, as the compiler sees it: imports find the same files. */
const copyOf = ({ file, id }: Bug): string => file.replace(/\.ts$/, `.${id}.ts`);

const configOf = (folder: string, bugs: readonly Bug[]) => ({
  extends: relative(folder, join(ROOT, "tsconfig.json")),
  compilerOptions: { noEmit: true, rootDir: ROOT, rootDirs: [ROOT, folder] },
  include: [],
  files: bugs.map(copyOf),
});

function write(file: string, text: string): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}
