import { existsSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import type { Command } from "commander";
import { CONFIG_FILES } from "../config/load.ts";
import { LubdubError } from "../errors.ts";
import type { CommonOptions } from "./contact.ts";
import { show, talk } from "./output.ts";
import { subcommand } from "./subcommand.ts";

const FILE = CONFIG_FILES[0];

export function addInit(program: Command): void {
  subcommand(program, "init", `write a commented ${FILE} into this folder`).action(init);
}

async function init({ json }: CommonOptions): Promise<void> {
  const present = CONFIG_FILES.find((name) => existsSync(name));
  if (present !== undefined) {
    throw new LubdubError("LUBDUB_CONFIG_INVALID", {
      expected: "a folder without a configuration",
      got: `the file \`${resolve(present)}\``,
      fix: "Edit it, or move it away first: nothing is overwritten.",
    });
  }
  const file = resolve(FILE);
  writeFileSync(file, EXAMPLE, { flag: "wx" });
  await show(json, { file }, () => `written: ${file}`);
  if (json !== true) talk("Edit it, then start the daemon: lubdub up");
}

const EXAMPLE = `// What Lubdub wakes, and how. Every field may be left out; the values below are the defaults.
// With \`import { defineConfig } from "lubdub"\` and \`export default defineConfig({ ... })\` an editor checks it.
export default {
  // Who is woken: the first agent whose \`match\` fits the session key. Each * stands for any characters.
  agents: [
    // A command: the prompt comes on its stdin, its stdout is the reply.
    // Exit code 0: handled. 75: busy, ask again. Anything else: failed, tried again later.
    // { match: "agent:main:*", command: { argv: ["node", "agent.js"], timeoutMs: 600_000 } },

    // A server: gets a POST with JSON. 2xx: handled. 409, 423, 429, 503: busy. Anything else: failed.
    // { match: "agent:web:*", http: { url: "http://127.0.0.1:8080/wake" } },

    // A file: its default export is called with the run.
    // { match: "agent:local:*", module: { file: "./agent.ts" } },

    // The built-in agent that prints what it was woken with.
    { match: "*", console: {} },
    // Beside each agent, what is looked at before it is asked:
    // heartbeatFile: "HEARTBEAT.md", gate: { command: { argv: ["./new-mail.sh"] } }
  ],

  // Where the daemon listens. 0 takes a free port.
  host: "127.0.0.1",
  port: 5823,

  // Runs at a time over all lanes.
  concurrency: 16,
  // How long a wake waits for more, so that many become one run.
  coalesceMs: 250,
  // Events queued per session. More is refused with an error, never dropped.
  queueMax: 1_000,
  // How long a run may take.
  runTimeoutMs: 600_000,
  // Runs that fail before their events are given up (see \`lubdub dead ls\`).
  maxAttempts: 10,
  // What runs one at a time: each "session", or all sessions of an "agent".
  laneOf: "session",
  // How long runs may go on when the daemon stops.
  shutdownGraceMs: 10_000,
};
`;
