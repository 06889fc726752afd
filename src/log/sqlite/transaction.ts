import type { DatabaseSync } from "node:sqlite";

/** All or nothing, and on the disk when it returns. */
export function transaction<T>(db: DatabaseSync, work: () => T): T {
  db.exec("BEGIN IMMEDIATE");
  try {
    const result = work();
    db.exec("COMMIT");
    return result;
  } catch (error) {
    if (db.isTransaction) db.exec("ROLLBACK"); // some errors have rolled it back already
    throw error;
  }
}
