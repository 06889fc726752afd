import { sqliteStore } from "../../src/log/sqlite/index.ts";

/** Owns the data folder named in its argument, until it is killed. */
const store = sqliteStore({ folder: process.argv[2] ?? "" });
process.stdout.write(`owner of ${store.location}\n`);
process.stdin.resume();
