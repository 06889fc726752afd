import { Option, type Command } from "commander";
import { LubdubError } from "../errors.ts";

const SESSION_VARIABLE = "LUBDUB_SESSION_KEY";

/** A command with the options that all of them have. */
export function subcommand(program: Command, name: string, description: string): Command {
  return program
    .command(name)
    .description(description)
    .option("--json", "answer in JSON: one document, or one per line for lists")
    .option("--data <folder>", "the data folder of the daemon (default: LUBDUB_DATA, else ~/.lubdub)");
}

export function configOption(): Option {
  return new Option(
    "--config <file>",
    "the configuration (default: lubdub.config.ts, .js or .json in this folder)",
  );
}

export function sessionOption(): Option {
  return new Option("--session <key>", "the session, for example agent:main:discord:channel:42").env(
    SESSION_VARIABLE,
  );
}

/** Asked for here and not by commander, which would say so before it says that another option is misspelt. */
export function sessionOf({ session }: { readonly session?: string }): string {
  if (session !== undefined) return session;
  throw new LubdubError("LUBDUB_USAGE", {
    expected: "a session",
    got: "none",
    fix: `Name it: --session agent:main:discord:channel:42 (or set ${SESSION_VARIABLE}).`,
  });
}
