import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";

/** House rules that no linter knows. */
const LINES_MAX = 300;
const files = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard"], {
  encoding: "utf8",
})
  .split("\n")
  .filter((file) => file !== "" && existsSync(file));
const code = files.filter((file) => /^(src|machines|test|bench|examples)\/.*\.ts$/.test(file));
const texts = files.filter((file) =>
  /\.(c?js|css|html|json|jsonc|md|mjs|sh|sql|ts|txt|ya?ml)$|(^|\/)[^.]+$|^\.[a-z]+$/.test(file),
);

/** Lines of these files that match, as `file:line`. */
function found(pattern: RegExp, within: readonly string[]): string[] {
  return within.flatMap((file) =>
    readFileSync(file, "utf8")
      .split("\n")
      .flatMap((line, index) => (pattern.test(line) ? [`${file}:${index + 1}`] : [])),
  );
}

describe("the repository", () => {
  test("is looked at", () => {
    expect(code.length).toBeGreaterThan(50);
    expect(texts).toEqual(
      expect.arrayContaining(["package.json", "package-lock.json", "machines/README.md", "LICENSE"]),
    );
  });

  test(`has no file of more than ${LINES_MAX} lines`, () => {
    const long = code.map((file) => ({ file, lines: readFileSync(file, "utf8").split("\n").length - 1 }));
    expect(long.filter(({ lines }) => lines > LINES_MAX)).toEqual([]);
  });

  test("leaves nothing to be done in a comment", () => {
    // Written in two halves, so that this file does not find itself.
    expect(found(new RegExp(`\\b(TO${"DO"}|FIX${"ME"}|XX${"X"}|HA${"CK"})\\b`), code)).toEqual([]);
  });

  test("has plain file names, and nothing left over", () => {
    const kebab = /^([a-z0-9]+(-[a-z0-9]+)*)(\.[a-z0-9-]+)*$/;
    const known = /^(README|LICENSE|CHANGELOG|SECURITY|CONTRIBUTING)(\.md)?$/;
    const strays = files.filter((file) => {
      const names = file.split("/");
      const plain = names.every((name) => kebab.test(name.replace(/^\./, "")) || known.test(name));
      return (
        !plain ||
        /(^|\/)(tmp|temp|scratch|untitled|copy|old|new|test)[-.\d]|\.(log|tmp|bak|orig|rej|swp|db|db-wal|tgz)$/.test(
          file,
        )
      );
    });
    expect(strays).toEqual([]);
  });

  test("has no drawer for everything", () => {
    expect(
      code.filter((file) => /(^|\/)(utils?|helpers?|misc|common|shared|lib)(\/|\.ts$)/.test(file)),
    ).toEqual([]);
  });

  test("names no folder of the machine it was written on", () => {
    const folders = [`/${"work"}/`, `/${"root"}/`, `/tmp/${"team"}`].join("|");
    expect(found(new RegExp(`(^|[\\s"'\`(=:])(${folders})`), texts)).toEqual([]);
  });

  test("names no package registry", () => {
    const hosts = ["registry", "artifactory", "nexus", "verdaccio", "packages"].map(
      (name) => `${name}\\.[a-z0-9-]+\\.[a-z]+`,
    );
    expect(found(new RegExp(`https?://[^\\s"']*(${hosts.join("|")})`, "i"), texts)).toEqual([]);
  });

  test("focuses and skips no test", () => {
    expect(
      found(
        /\b(test|it|describe)\.(only|skip|todo)\b/,
        code.filter((file) => file !== "test/tidy.test.ts"),
      ),
    ).toEqual([]);
  });
});
