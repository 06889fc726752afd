import { rmSync } from "node:fs";
import { join } from "node:path";
import { sqliteStore } from "../../src/log/sqlite/index.ts";
import type { Store } from "../../src/log/store.ts";
import { ownersContract } from "../contract/store-owners.ts";
import { storeContract } from "../contract/store.ts";
import { temporaryFolder } from "./folder.ts";

storeContract("sqlite", () => {
  const folder = temporaryFolder();
  const opened: Store[] = [];
  const open = (): Store => {
    opened.at(-1)?.close();
    const store = sqliteStore({ folder: folder.path });
    opened.push(store);
    return store;
  };
  return { store: open(), reopen: open, remove: () => folder[Symbol.dispose]() };
});

ownersContract("sqlite", () => {
  const folder = temporaryFolder();
  return {
    open() {
      rmSync(join(folder.path, "owner.db"), { force: true }); // somebody tidied up: the lock goes with the file
      return sqliteStore({ folder: folder.path });
    },
    remove: () => folder[Symbol.dispose](),
  };
});
