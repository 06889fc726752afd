import { LubdubError } from "../../../src/errors.ts";
import type { Batch, Store } from "../../../src/log/store.ts";
import { must } from "./promise.ts";
import { begun, start } from "./lives.ts";
import { count, watch, type Scene } from "./scene.ts";

/** Two processes on one data folder: one is stopped for a while, and another one takes its data, or is refused. */

/** A stopped process sleeps so long at most, in milliseconds. */
const PAUSE_MS_MAX = 100_000;

/** The process is stopped for a while. Nobody may take its data, unless its lock is lost. */
export async function pause(scene: Scene): Promise<void> {
  const { life, clock, disk } = scene;
  await clock.settle();
  if (scene.stale !== null || life.stopping || !life.process.alive) return;
  life.process.stop();
  count(scene, "pauses");
  await clock.advance(Math.floor(clock.random() * PAUSE_MS_MAX));
  const { position } = disk.store.head();
  must(refusesRival(scene), "S5 while its owner lives nobody else takes the data");
  must(disk.store.head().position === position, "S5 who is refused changes nothing");
  if (clock.random() < 0.5) {
    life.process.goOn();
    return clock.settle();
  }
  disk.loseLock();
  await start(scene);
  const { heartbeat } = scene.life;
  heartbeat.requestHeartbeat({ sessionKey: scene.plan.keys[0] as string }).catch(() => {});
  await clock.settle();
  // Had it written nothing, the one before would come first, and this one be refused.
  if (disk.store.head().position === position) return void (life.process.alive = false);
  count(scene, "takeovers");
  scene.stale = life;
}

function refusesRival(scene: Scene): boolean {
  try {
    begun(scene).process.alive = false;
    return false;
  } catch (error) {
    count(scene, "second owners refused");
    return error instanceof LubdubError && error.code === "LUBDUB_DATA_FOLDER_OWNED";
  }
}

function isRefused(log: Pick<Store, "append">, batch: Batch): boolean {
  try {
    log.append(batch);
    return false;
  } catch (error) {
    return error instanceof LubdubError;
  }
}

/** Who lost its data while it was stopped goes on: it notices at its first commit, and changes nothing. */
export async function wakeStale(scene: Scene): Promise<void> {
  const { stale, clock, disk } = scene;
  scene.stale = null;
  if (stale === null || !stale.process.alive) return;
  stale.process.goOn();
  count(scene, "stale owners that went on");
  const asked = stale.heartbeat.requestHeartbeat({ sessionKey: scene.plan.keys[0] as string });
  const answer = asked.then(
    () => watch(scene, () => must(false, "S6 a stale owner commits nothing")),
    (error: unknown) => {
      count(scene, "stale commits refused");
      watch(scene, () => must(error instanceof LubdubError, `S6 a stale owner is told: ${String(error)}`));
    },
  );
  await clock.settle();
  await answer;
  // Also what no position gives away.
  const { position } = disk.store.head();
  const checkpoint = { position, snapshots: [], isFirst: true, isLast: true };
  const batch = { records: [], dedupe: [], checkpoint };
  watch(scene, () => must(isRefused(stale.process.log, batch), "S6 no checkpoint of a stale owner"));
  must(disk.wroteStale === 0, "S6 nothing that a stale owner writes arrives");
  stale.process.alive = false;
}
