import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, test } from "vitest";

const CHECKOUT = resolve(import.meta.dirname, "../..");
const read = <T>(file: string): T => JSON.parse(readFileSync(join(CHECKOUT, file), "utf8")) as T;
interface Locked {
  readonly integrity?: string;
  readonly link?: boolean;
  readonly dev?: boolean;
  readonly hasInstallScript?: boolean;
  readonly resolved?: string;
}
const manifest = read<{
  readonly dependencies: Record<string, string>;
  readonly devDependencies: Record<string, string>;
  readonly files: readonly string[];
  readonly scripts: Record<string, string>;
  readonly allowScripts: Record<string, boolean>;
}>("package.json");
const { packages } = read<{ packages: Record<string, Locked> }>("package-lock.json");
const OURS = new Set(["", "test/xstate4-viewer", "node_modules/xstate4-viewer"]);
const others = Object.entries(packages).filter(([path, { link }]) => !OURS.has(path) && link !== true);

describe("what is installed", () => {
  test("is fixed to the byte", () => {
    expect(others.length).toBeGreaterThan(50);
    expect(others.filter(([, { integrity }]) => integrity?.startsWith("sha512-") !== true)).toEqual([]);
  });

  test("is named exactly in package.json", () => {
    const versions = Object.entries({ ...manifest.dependencies, ...manifest.devDependencies });
    expect(versions.filter(([, version]) => !/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version))).toEqual([]);
  });

  test("runs nothing while it is installed, but for the one that is named", () => {
    const scripts = others.filter(([, { hasInstallScript }]) => hasInstallScript === true);
    expect(scripts.map(([path]) => path)).toEqual(["node_modules/node"]);
    expect(manifest.allowScripts).toEqual({ node: true });
  });

  test("by who uses the package runs nothing at all", () => {
    expect(
      others.filter(([, { dev, hasInstallScript }]) => dev !== true && hasInstallScript === true),
    ).toEqual([]);
    expect(Object.keys(manifest.scripts).filter((name) => /^(pre|post)?install$/.test(name))).toEqual([]);
  });

  test("comes from where npm is told to take it: no address is locked to another place", () => {
    const elsewhere = others.filter(([, { resolved = "" }]) => /^(git|ssh|file|http:)/.test(resolved));
    expect(elsewhere).toEqual([]);
  });
});

test("what is published is an allow-list", () => {
  expect(manifest.files).toEqual(["bin", "dist", "README.md", "LICENSE"]);
});
