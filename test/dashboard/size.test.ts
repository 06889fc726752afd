import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";

const ASSETS = resolve(import.meta.dirname, "../../dist/dashboard/assets");
const SCRIPT_BYTES_MAX = 150 * 1024;

test(`the dashboard's scripts are less than ${SCRIPT_BYTES_MAX / 1024} KB, gzipped`, () => {
  const scripts = readdirSync(ASSETS).filter((name) => name.endsWith(".js"));
  expect(scripts.length).toBeGreaterThan(0);
  const sizes = scripts.map((name) => gzipSync(readFileSync(join(ASSETS, name))).length);
  const bytes = sizes.reduce((sum, size) => sum + size, 0);
  expect(bytes).toBeLessThan(SCRIPT_BYTES_MAX);
});
