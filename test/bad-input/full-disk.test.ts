import { execFile, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";

/** A real disk that is full: a tmpfs of two megabytes, seen by one process only. */

const CHILD = resolve(import.meta.dirname, "small-disk.ts");
const MOUNT = 'mount -t tmpfs -o size=2m,mode=700 none "$0"';
const folder = (): string => mkdtempSync(join(tmpdir(), "lubdub-small-"));

const canMount = ((): boolean => {
  const place = folder();
  const { status } = spawnSync("unshare", ["-m", "sh", "-c", MOUNT, place], { stdio: "ignore" });
  rmSync(place, { recursive: true });
  return status === 0;
})();

test.runIf(canMount)(
  `a full disk, through the whole host: nothing accepted is lost, and it goes on by itself${canMount ? "" : " (skipped: no right to mount)"}`,
  { timeout: 30_000 },
  async () => {
    const place = folder();
    try {
      const { stdout, stderr } = await promisify(execFile)(
        "unshare",
        ["-m", "sh", "-c", `${MOUNT} && exec "$1" "$2" "$0"`, place, process.execPath, CHILD],
        { timeout: 25_000 },
      );
      const seen = JSON.parse(stdout) as Record<string, unknown> & { accepted: number };
      expect(seen).toMatchObject({
        refusal: {
          code: "LUBDUB_STORE_FULL",
          retryable: true,
          message: expect.stringMatching(/^Expected .*; got .*\. .*Make room/) as string,
        },
        whileFull: { peeked: seen.accepted, read: seen.accepted, endsWritten: 0 },
        inOrder: true,
        runsOfRunning: 1,
        sameRunId: true,
        problems: [],
      });
      expect(seen.accepted).toBeGreaterThan(3);
      expect(seen["busyShare"]).toBeLessThan(0.2);
      expect(stderr).not.toMatch(/\n\s+at /);
    } finally {
      rmSync(place, { recursive: true });
    }
  },
);
