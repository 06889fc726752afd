import { existsSync, statSync } from "node:fs";
import { resolve } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import type { StoreReport } from "../store.ts";
import { checkEnds, endsReader } from "./ends.ts";
import { corrupt } from "./failures.ts";
import { asProblem, createFindings, type Findings, type VerifyProgress } from "./findings.ts";
import { checkPrivateFolder } from "../../private-folder.ts";
import { databaseFile, openDatabase } from "./open.ts";
import { verifyLog } from "./verify-log.ts";
import { verifyCheckpoints, verifyDedupe, verifySnapshots } from "./verify-tables.ts";

/** Problems that SQLite lists itself, at most. */
const STRUCTURE_PROBLEMS_MAX = 100;

const NOTHING = { records: 0, sessions: 0, snapshots: 0 };

/**
 * Looks at every row of the database in a data folder, without changing anything; also while a daemon runs on it. Reports
 * every damaged record and goes on with its neighbours. A folder without a database is sound and empty.
 *
 * @param onProgress - called at the start of each step and every few thousand rows
 * @throws LubdubError `LUBDUB_DATA_FOLDER_INVALID`; whatever is wrong with the database itself is in the report
 */
export function verifyStore(
  folder: string,
  onProgress: (progress: VerifyProgress) => void = () => {},
): StoreReport {
  const path = resolve(folder);
  checkPrivateFolder(path);
  const file = databaseFile(path);
  const findings = createFindings(file, onProgress);
  const counts = findings.check(() => {
    if (!existsSync(file)) return NOTHING;
    using db = openDatabase(path, true);
    return verifyAll(db, findings);
  });
  return { location: file, ...(counts ?? NOTHING), problems: findings.problems };
}

/** All in one read transaction, so that a running daemon's commits do not come in between. */
function verifyAll(db: DatabaseSync, findings: Findings) {
  db.exec("BEGIN");
  findings.progress({ step: "structure", done: 0 });
  findings.check(() => verifySize(db, findings));
  findings.check(() => verifyStructure(db, findings));
  const ends = findings.check(() => endsReader(db, findings.file)());
  const log = findings.check(() => verifyLog(db, findings, ends));
  if (ends !== undefined) findings.check(() => checkEnds(db, findings.file, ends));
  findings.check(() => verifyCheckpoints(db, findings));
  findings.check(() => verifyDedupe(db, findings));
  const snapshots = findings.check(() => verifySnapshots(db, findings));
  return { ...NOTHING, ...log, snapshots: snapshots ?? 0 };
}

/** The last pages may lie unused, so that nothing reads them: a file that was cut off there shows in its size alone. */
function verifySize(db: DatabaseSync, { file, problem }: Findings): void {
  const wal = statSync(`${file}-wal`, { throwIfNoEntry: false });
  if (wal !== undefined && wal.size > 0) return; // it may hold what the file still lacks
  const { pages, pageBytes } = db
    .prepare("SELECT page_count AS pages, page_size AS pageBytes FROM pragma_page_count, pragma_page_size")
    .get() as { pages: number; pageBytes: number };
  const { size } = statSync(file);
  if (size >= pages * pageBytes && size % pageBytes === 0) return;
  problem(asProblem(corrupt(file, `${size} bytes in place of ${pages} pages of ${pageBytes}`)));
}

/** What SQLite can tell: pages, order of keys, indexes. It does not see changed contents. */
function verifyStructure(db: DatabaseSync, { file, problem }: Findings): void {
  const rows = db.prepare(`PRAGMA integrity_check(${STRUCTURE_PROBLEMS_MAX})`).all();
  for (const { integrity_check: found } of rows) {
    if (found !== "ok") problem(asProblem(corrupt(file, String(found))));
  }
}
