import { spawn } from "node:child_process";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Command } from "commander";
import { createTransport } from "../client/transport.ts";
import { readToken } from "../config/token.ts";
import { writeDurably } from "../daemon/durable-file.ts";
import { daemonOf, dataFolderOf, type CommonOptions } from "./contact.ts";
import { show, talk } from "./output.ts";
import { subcommand } from "./subcommand.ts";

interface OpenOptions extends CommonOptions {
  readonly print?: boolean;
}

export function addOpen(program: Command): void {
  subcommand(program, "open", "open the dashboard in the browser, signed in")
    .option("--print", "only print its address: good once, for a minute")
    .action(open);
}

async function open(options: OpenOptions): Promise<void> {
  const folder = dataFolderOf(options);
  const { url } = daemonOf(folder);
  const daemon = createTransport({ url, token: readToken(folder), closed: new AbortController().signal });
  const { code, untilMs } = (await daemon.call("/v1/sign-in-codes", { method: "POST" })) as {
    readonly code: string;
    readonly untilMs: number;
  };
  const address = `${url}/#code=${code}`;
  if (options.print !== true && options.json !== true) {
    if (await openBrowser(doorIn(folder, address))) {
      talk(`The dashboard opens in your browser: ${url}\nIf it does not: lubdub open --print`);
      return;
    }
    talk("There is no browser to open here. The address is good once, for a minute:");
  }
  await show(options.json, { url: address, untilMs }, () => address);
}

/**
 * A page that leads to the address. The browser is given its name, because every user of this machine can read what a
 * program was started with; the file only its owner can.
 */
function doorIn(folder: string, address: string): string {
  const file = join(folder, "open.html");
  writeDurably(file, `<!doctype html><meta http-equiv="refresh" content="0;url=${address}">\n`);
  return pathToFileURL(file).href;
}

/** Whether a program took it. */
function openBrowser(url: string): Promise<boolean> {
  const opener = openerOf(process.platform);
  if (opener === undefined) return Promise.resolve(false);
  const [command, ...args] = opener;
  const child = spawn(command, [...args, url], { stdio: "ignore", detached: true });
  return new Promise((resolve) => {
    child.once("error", () => resolve(false));
    child.once("spawn", () => {
      child.unref();
      resolve(true);
    });
  });
}

function openerOf(platform: NodeJS.Platform): readonly [string, ...string[]] | undefined {
  if (platform === "darwin") return ["open"];
  if (platform === "win32") return ["rundll32", "url.dll,FileProtocolHandler"];
  const hasScreen = [process.env["DISPLAY"], process.env["WAYLAND_DISPLAY"]].some(
    (name) => (name ?? "") !== "",
  );
  return hasScreen ? ["xdg-open"] : undefined;
}
