import type { News, Protocol, ShownActor } from "./news.ts";

/** Above this much unsent, a viewer is too slow: what comes meanwhile is not kept for it. */
const UNSENT_BYTES_MAX = 1_048_576;
/** Below this much unsent, a viewer is given more of the roster, or is brought up to date again. */
const UNSENT_BYTES_LOW = 65_536;
/** Actors of the roster per turn of the event loop. */
const ROSTER_SLICE = 25;

/** The part of a WebSocket that a viewer needs. */
export interface ViewerSocket {
  readonly bufferedAmount: number;
  send(text: string, written: () => void): void;
}

export interface Viewer {
  show(news: News): void;
  /** Shows the roster from the start; what is not in it any more is shown as stopped. */
  sync(): void;
  /** News it did not get because it was too slow, or because they could not be put into words. */
  readonly lost: number;
  close(): void;
}

/**
 * One viewer: it gets the roster first and news of what it knows from then on. Its memory here is bounded: a slow viewer
 * loses news, and gets the roster anew once it has caught up.
 */
export function createViewer(
  socket: ViewerSocket,
  protocol: Protocol,
  roster: () => Iterable<ShownActor>,
): Viewer {
  const seen = createSeen();
  let toShow: Iterator<ShownActor> | null = null;
  let behind = false;
  let closed = false;
  let lost = 0;
  const schedule = onNextTurn(resume);

  return {
    show,
    sync,
    get lost() {
      return lost;
    },
    close() {
      closed = true;
    },
  };

  function show(news: News): void {
    if (behind || socket.bufferedAmount > UNSENT_BYTES_MAX) {
      behind = true;
      lost += 1;
    } else if (news.type === "started") {
      seen.add(news.actor.id);
      send(news);
    } else if (seen.has(news.id)) {
      if (news.type === "stopped") seen.delete(news.id);
      send(news);
    }
  }

  function sync(): void {
    behind = false;
    seen.beginRound();
    toShow = roster()[Symbol.iterator]();
    schedule();
  }

  function resume(): void {
    if (closed || socket.bufferedAmount > UNSENT_BYTES_LOW) return;
    if (behind) sync();
    else if (toShow !== null) showSome(toShow);
  }

  function showSome(actors: Iterator<ShownActor>): void {
    for (let shown = 0; shown < ROSTER_SLICE; shown += 1) {
      const next = nextOf(actors);
      if (next === null) return endRound();
      if (!seen.has(next.id)) show({ type: "started", actor: next });
    }
    schedule();
  }

  function endRound(): void {
    toShow = null;
    for (const id of seen.takeEarlier()) send({ type: "stopped", id });
  }

  function send(news: News): void {
    try {
      for (const frame of protocol(news)) socket.send(frame, written);
    } catch {
      lost += 1;
    }
  }

  function written(): void {
    if (behind || toShow !== null) schedule();
  }
}

/** A roster that breaks ends early: it must not end the process of the host. */
function nextOf(actors: Iterator<ShownActor>): ShownActor | null {
  try {
    const next = actors.next();
    return next.done === true ? null : next.value;
  } catch {
    return null;
  }
}

/** Calls back on the next turn of the event loop, once for all requests until then. */
function onNextTurn(callback: () => void): () => void {
  let requested = false;
  return () => {
    if (requested) return;
    requested = true;
    setImmediate(() => {
      requested = false;
      callback();
    });
  };
}

interface Seen {
  /** What was seen until now counts as gone, unless it is seen again. */
  beginRound(): void;
  has(id: string): boolean;
  add(id: string): void;
  delete(id: string): void;
  /** Takes out what was seen in an earlier round only. */
  takeEarlier(): string[];
}

/** What a viewer has seen, by rounds of the roster. */
function createSeen(): Seen {
  const rounds = new Map<string, number>();
  let round = 0;
  return {
    beginRound: () => (round += 1),
    has: (id) => rounds.get(id) === round,
    add: (id) => rounds.set(id, round),
    delete: (id) => rounds.delete(id),
    takeEarlier() {
      const earlier = [...rounds].filter(([, seen]) => seen !== round).map(([id]) => id);
      for (const id of earlier) rounds.delete(id);
      return earlier;
    },
  };
}
