import { registerHooks } from "node:module";
import type { Library } from "./workload.ts";

const MARK = "?reducer";
const source = new URL("../src/", import.meta.url).href;
const xstateActor = new URL("../src/core/actor.ts", import.meta.url).href;
const reducerActor = new URL("./reducer-actor.ts", import.meta.url).href;

/**
 * A second copy of the library in this process, the same in all but one module: `src/core/actor.ts`, the one file that calls
 * XState, is replaced by a hand-written reducer. So the difference is what XState costs, measured in the same run.
 */
export async function reducerLibrary(): Promise<Library> {
  registerHooks({
    resolve(specifier, context, next) {
      const resolved = next(specifier, context);
      if (context.parentURL?.endsWith(MARK) !== true || !resolved.url.startsWith(source)) return resolved;
      return { ...resolved, url: resolved.url === xstateActor ? reducerActor : resolved.url + MARK };
    },
  });
  return (await import(`${source}index.ts${MARK}`)) as Library;
}
