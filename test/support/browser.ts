import { existsSync } from "node:fs";
import type { Browser } from "playwright-core";

/** Where Debian puts it; `LUBDUB_CHROMIUM` names another. */
const CHROMIUM = process.env["LUBDUB_CHROMIUM"] ?? "/usr/bin/chromium";
/** No sandbox, because tests may run as root in a container; nothing goes out to the network by itself. */
const ARGUMENTS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--host-resolver-rules=MAP evil.test 127.0.0.1",
  // Older browsers have no such check, so nothing here may be held up by it.
  "--disable-features=LocalNetworkAccessChecks",
];

/** Why there is no browser here, and what to install; undefined when there is one. */
export function chromiumMissing(): string | undefined {
  return existsSync(CHROMIUM)
    ? undefined
    : `${CHROMIUM} is not there: apt-get install --no-install-recommends chromium, or name another in LUBDUB_CHROMIUM`;
}

/** Headless, with a new profile of its own. For it, `evil.test` is this machine. */
export async function launch(): Promise<Browser> {
  // Only here, so that asking whether there is a browser costs nothing.
  const { chromium } = await import("playwright-core");
  return chromium.launch({ executablePath: CHROMIUM, args: ARGUMENTS });
}
