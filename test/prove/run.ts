import { fileURLToPath } from "node:url";
import { PARTS } from "./parts.ts";
import { prove } from "./prove.ts";

const reports = fileURLToPath(new URL("../../reports", import.meta.url));
process.exitCode = await prove(process.argv.slice(2), PARTS, {
  reports,
  output: {
    isTTY: process.stdout.isTTY,
    write: (text) => void process.stdout.write(text),
    error: (text) => void process.stderr.write(text),
  },
});
