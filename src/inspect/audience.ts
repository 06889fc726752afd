import { LubdubError } from "../errors.ts";
import { createFeed } from "./feed.ts";
import type { News, Protocol, ShownActor } from "./news.ts";
import type { StartedActor } from "./observer.ts";
import { createViewer, type Viewer, type ViewerSocket } from "./viewer.ts";

export interface InspectorStats {
  readonly viewers: number;
  /** News that were left out for everyone because there were too many. */
  readonly sampledOut: number;
  /** News that slow viewers did not get. */
  readonly lost: number;
}

export interface Audience {
  /** Whether there is any viewer. */
  readonly watching: boolean;
  readonly stats: InspectorStats;
  /** @returns takes the viewer out again */
  add(socket: ViewerSocket, protocol: Protocol): () => void;
  tell(news: News): void;
  attach(roster: () => Iterable<StartedActor>): () => void;
}

/** All who look on, and the one host they look at. */
export function createAudience(): Audience {
  const viewers = new Set<Viewer>();
  let roster: (() => Iterable<StartedActor>) | null = null;
  let lostByGone = 0;
  let told: Standing = { value: "live", sampledOut: 0, lost: 0 };

  const showAll = (news: News): void => viewers.forEach((viewer) => viewer.show(news));
  const syncAll = (): void => viewers.forEach((viewer) => viewer.sync());
  const feed = createFeed({ emit: showAll, resync: syncAll, stroke: tellStanding });

  const audience: Audience = {
    get watching() {
      return viewers.size > 0;
    },
    get stats() {
      let lost = lostByGone;
      for (const viewer of viewers) lost += viewer.lost;
      return { viewers: viewers.size, sampledOut: feed.sampledOut, lost };
    },
    add(socket, protocol) {
      const viewer = createViewer(socket, protocol, shownActors);
      viewers.add(viewer);
      viewer.sync();
      return () => {
        viewer.close();
        viewers.delete(viewer);
        lostByGone += viewer.lost;
        if (viewers.size === 0) feed.clear();
      };
    },
    tell(news) {
      if (viewers.size > 0) feed.push(news);
    },
    attach(newRoster) {
      if (roster !== null) throw attached();
      roster = newRoster;
      syncAll();
      return () => {
        if (roster !== newRoster) return;
        roster = null;
        feed.clear();
        syncAll();
      };
    },
  };
  return audience;

  function* shownActors(): Generator<ShownActor> {
    yield { ...INSPECTOR, snapshot: snapshotOf(told) };
    if (roster !== null) yield* roster();
  }

  /** Says to the viewers that they do not see everything. */
  function tellStanding(sampling: boolean): void {
    const { sampledOut, lost } = audience.stats;
    const value = sampling ? "sampling" : "live";
    if (value === told.value && sampledOut === told.sampledOut && lost === told.lost) return;
    told = { value, sampledOut, lost };
    const event = { type: `inspector.${value}` };
    showAll({ type: "moved", id: INSPECTOR.id, event, snapshot: snapshotOf(told) });
  }
}

interface Standing {
  readonly value: "live" | "sampling";
  readonly sampledOut: number;
  readonly lost: number;
}

/** The inspector is an actor among the actors: so every viewer can show that something was left out. */
const INSPECTOR = {
  id: "inspector",
  name: "inspector",
  definition: {
    id: "inspector",
    initial: "live",
    states: {
      live: { on: { "inspector.sampling": "sampling" } },
      sampling: { on: { "inspector.live": "live" } },
    },
  },
} as const;

const snapshotOf = ({ value, sampledOut, lost }: Standing) => ({ value, context: { sampledOut, lost } });

function attached(): LubdubError {
  return new LubdubError("LUBDUB_OPTION_INVALID", {
    expected: "an inspector of its own for each heartbeat",
    got: "one that shows another heartbeat",
    fix: "Call createInspector() once more.",
  });
}
