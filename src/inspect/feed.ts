import type { News } from "./news.ts";

/** News are handed on in strokes this far apart at least. */
const STROKE_MS = 20;
/** A stroke takes about this long, and the pause after it nine times as long: making frames takes a tenth of the process. */
const STROKE_WORK_MS = 5;
const PAUSE_PER_WORK = 9;
const QUEUE_MAX = 1_000;
/** Actors of which, under load, only the newest snapshot is kept. */
const SAMPLES_MAX = 1_000;
/** Under lasting overload everyone is brought up to date from the roster this often. */
const RESYNC_MS = 5_000;

export interface FeedOptions {
  readonly emit: (news: News) => void;
  /** News were left out that no later news make up for. */
  readonly resync: () => void;
  /** Called after each stroke. */
  readonly stroke: (sampling: boolean) => void;
}

export interface Feed {
  push(news: News): void;
  /** News that were left out under load. */
  readonly sampledOut: number;
  clear(): void;
}

/**
 * Between the host and the viewers: takes news at once and unread, and hands them on later, a little at a time. Under
 * load it samples: of each actor only the newest snapshot is kept. Holds 2,000 references at most.
 */
export function createFeed({ emit, resync, stroke }: FeedOptions): Feed {
  let queue: News[] = [];
  const samples = new Map<string, News>();
  let sampledOut = 0;
  let overflown = false;
  let resyncAtMs = 0;
  let timer: NodeJS.Timeout | null = null;

  return {
    get sampledOut() {
      return sampledOut;
    },
    push(news) {
      if (samples.size === 0 && !overflown && queue.length < QUEUE_MAX) queue.push(news);
      else sample(news);
      timer ??= setTimeout(beat, STROKE_MS).unref();
    },
    clear() {
      queue = [];
      samples.clear();
      overflown = false;
      if (timer !== null) clearTimeout(timer);
      timer = null;
    },
  };

  function sample(news: News): void {
    if (news.type !== "moved" || (samples.size >= SAMPLES_MAX && !samples.has(news.id))) {
      overflown = true;
      sampledOut += 1;
      return;
    }
    if (samples.delete(news.id)) sampledOut += 1;
    samples.set(news.id, news);
  }

  function beat(): void {
    const startedMs = performance.now();
    const spentMs = () => performance.now() - startedMs;
    const sampling = samples.size > 0 || overflown;
    handOn(() => spentMs() < STROKE_WORK_MS);
    const empty = queue.length === 0 && samples.size === 0;
    if (empty && overflown && startedMs >= resyncAtMs) {
      overflown = false;
      resyncAtMs = startedMs + RESYNC_MS;
      resync();
    }
    stroke(sampling);
    const more = !empty || overflown || sampling;
    timer = more ? setTimeout(beat, Math.max(STROKE_MS, spentMs() * PAUSE_PER_WORK)).unref() : null;
  }

  function handOn(hasTime: () => boolean): void {
    let handed = 0;
    while (handed < queue.length && hasTime()) emit(queue[handed++] as News);
    queue = queue.slice(handed);
    if (queue.length > 0) return;
    for (const [id, news] of samples) {
      if (!hasTime()) return;
      samples.delete(id);
      emit(news);
    }
  }
}
