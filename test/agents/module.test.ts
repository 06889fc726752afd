import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { moduleAgent } from "../../src/agents/module.ts";
import { aRequest } from "./requests.ts";

let folder: string;
beforeAll(() => void (folder = mkdtempSync(join(tmpdir(), "lubdub-module-"))));
afterAll(() => rmSync(folder, { recursive: true }));

function write(name: string, text: string): string {
  writeFileSync(join(folder, name), text);
  return name;
}

it("wakes the default export of a file, relative to its folder or absolute", async () => {
  const file = write(
    "agent.mjs",
    "export default ({ sessionKey }) => ({ status: 'ran', reply: sessionKey });",
  );
  const reply = { status: "ran", reply: "agent:main:discord:channel:42" };
  expect(await (await moduleAgent({ file, folder }))(aRequest())).toEqual(reply);
  expect(await (await moduleAgent({ file: join(folder, file) }))(aRequest())).toEqual(reply);
});

it.each([
  ["missing.mjs", undefined, /^Expected the file `.*missing\.mjs` to exist; got no such file\./],
  [
    "none.mjs",
    "export const run = 1;",
    /^Expected a default export in `.*none\.mjs`; got run\. Write: export default/,
  ],
  [
    "value.mjs",
    "export default 5;",
    /^Expected the default export of `.*value\.mjs` to be a function; got number\./,
  ],
  ["throws.mjs", "throw new Error('no key');", /^Expected the file `.*throws\.mjs` to load; got no key\./],
  ["syntax.mjs", "export default (", /^Expected the file `.*syntax\.mjs` to load; got /],
])("refuses %s at load time", async (name, text, message) => {
  if (text !== undefined) write(name, text);
  await expect(moduleAgent({ file: name, folder })).rejects.toMatchObject({
    code: "LUBDUB_CONFIG_INVALID",
    message: expect.stringMatching(message) as string,
  });
});
