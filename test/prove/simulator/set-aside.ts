import { must } from "./promise.ts";
import { count, type Scene } from "./scene.ts";

/** What could not be read from the store: it is named, and its neighbours are known. */

async function setAside({ life, plan }: Scene): Promise<ReadonlySet<string>> {
  if (plan.readFault === 0) return new Set();
  const { quarantined = [] } = await life.heartbeat.status();
  return new Set(quarantined.map(({ lane }) => lane));
}

type Kind = "schedule" | "delivery";

/** What is listed; null where the list is refused, because something of it is set aside. */
export async function list<Item>(
  scene: Scene,
  kind: Kind,
  asked: Promise<readonly Item[]>,
): Promise<readonly Item[] | null> {
  try {
    return await asked;
  } catch (error) {
    const named = [...(await setAside(scene))].some((name) => name.startsWith(`${kind} `));
    must(named, `L9 every ${kind} can be listed, or one is named: ${String(error)}`);
    count(scene, "lists refused");
    return null;
  }
}

/** What is not in a list is named as unreadable. */
export async function checkUnlisted(
  scene: Scene,
  kind: Kind,
  ids: Iterable<string>,
  listed: ReadonlySet<string>,
): Promise<void> {
  const aside = await setAside(scene);
  for (const id of ids) {
    if (listed.has(id)) continue;
    must(aside.has(`${kind} ${id}`), `S12 ${kind} ${id} is listed, or named as unreadable`);
    count(scene, kind === "schedule" ? "schedules set aside" : "deliveries set aside");
  }
}
