import { CommanderError } from "commander";
import { LubdubError } from "../errors.ts";
import { EXIT, exitCodeOf } from "./exit-codes.ts";
import { complain, talk } from "./output.ts";
import { createProgram } from "./program.ts";

// The reader of a pipe may leave (`lubdub log | head`): that ends the command, and is no failure.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit();
  throw error;
});
// Where nobody can be told, talk is lost.
process.stderr.on("error", () => {});

try {
  const program = await createProgram(process.argv[2]);
  await program.parseAsync();
} catch (error) {
  process.exitCode = report(error);
}
await flushed(process.stdout);
process.exit();

function report(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  if (error instanceof LubdubError) {
    complain(error, isJsonAsked(process.argv));
    return exitCodeOf(error.code);
  }
  // The system said no (a folder that may not be written, a disk that is full): its words are enough.
  if (error instanceof Error && "syscall" in error) talk(`lubdub: ${error.message}`);
  else talk(`lubdub: a defect in Lubdub: ${error instanceof Error ? error.stack : String(error)}`);
  return EXIT.failed;
}

/** What comes after `--` belongs to another program. */
function isJsonAsked(argv: readonly string[]): boolean {
  const ours = argv.includes("--") ? argv.slice(0, argv.indexOf("--")) : argv;
  return ours.includes("--json");
}

function flushed(stream: NodeJS.WriteStream): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  stream.write("", () => resolve());
  return promise;
}
