import { readdirSync, readFileSync } from "node:fs";
import { extname } from "node:path";
import { fileURLToPath } from "node:url";
import { LubdubError } from "../../errors.ts";

const TYPES: Readonly<Record<string, string>> = {
  ".css": "text/css; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".json": "application/json",
  ".svg": "image/svg+xml",
};

export interface Asset {
  readonly type: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** The built dashboard: read once, when it is first asked for. Only what lies there has a name here. */
export interface Assets {
  /** @throws LubdubError `LUBDUB_NOT_FOUND` when it was not built */
  page(): Asset;
  /** undefined for a name that there is not. */
  asset(name: string): Asset | undefined;
}

/** The same folder, whether this runs from the sources or is built. */
const FOLDER = new URL("dist/dashboard/", import.meta.resolve("lubdub/package.json"));

export function createAssets(folder: URL = FOLDER): Assets {
  let assets: ReadonlyMap<string, Asset> | undefined;
  let page: Asset | undefined;
  return {
    page: () => (page ??= { type: "text/html; charset=utf-8", bytes: readPage(folder) }),
    asset: (name) => (assets ??= readAssets(folder)).get(name),
  };
}

function readPage(folder: URL): Uint8Array<ArrayBuffer> {
  try {
    return new Uint8Array(readFileSync(new URL("index.html", folder)));
  } catch (cause) {
    throw new LubdubError("LUBDUB_NOT_FOUND", {
      expected: `the dashboard in ${fileURLToPath(folder)}`,
      got: "none: it was not built",
      fix: "In a checkout, run `npm run build`.",
      cause,
    });
  }
}

function readAssets(folder: URL): ReadonlyMap<string, Asset> {
  const within = new URL("assets/", folder);
  return new Map(
    readdirSync(within).flatMap((name): [string, Asset][] => {
      const type = TYPES[extname(name)];
      return type === undefined
        ? []
        : [[name, { type, bytes: new Uint8Array(readFileSync(new URL(name, within))) }]];
    }),
  );
}
