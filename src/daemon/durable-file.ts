import { closeSync, fsyncSync, openSync, renameSync, writeSync } from "node:fs";
import { dirname } from "node:path";

const OWNER_ONLY = 0o600;

/** Writes a file as a whole or not at all, synced to disk when it returns; mode 0600. */
export function writeDurably(file: string, text: string): void {
  const draft = `${file}.${process.pid}.tmp`;
  withFile(draft, "w", (fd) => {
    writeSync(fd, text);
    fsyncSync(fd);
  });
  renameSync(draft, file);
  // The name is durable only once its folder is.
  withFile(dirname(file), "r", fsyncSync);
}

function withFile(path: string, flags: string, use: (fd: number) => void): void {
  const fd = openSync(path, flags, OWNER_ONLY);
  try {
    use(fd);
  } finally {
    closeSync(fd);
  }
}
