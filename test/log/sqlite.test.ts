import { sqliteStore } from "../../src/log/sqlite/index.ts";
import type { Store } from "../../src/log/store.ts";
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
