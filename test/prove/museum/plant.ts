import { registerHooks } from "node:module";
import { BUGS, planted, urlOf } from "./planted.ts";

/** Loaded before everything else in a child process: plants the bug that `LUBDUB_BUG` names. */
const bug = BUGS.find(({ id }) => id === process.env["LUBDUB_BUG"]);
if (bug === undefined)
  throw new Error(`Expected LUBDUB_BUG to name a bug; got "${process.env["LUBDUB_BUG"]}".`);
const source = planted(bug);
const target = urlOf(bug);

registerHooks({
  load: (url, context, nextLoad) =>
    url === target ? { format: "module-typescript", source, shortCircuit: true } : nextLoad(url, context),
});
