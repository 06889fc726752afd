/** Told when an actor comes to life and when it goes back to rest. */
export interface Onlooker<Entry> {
  readonly onLive?: ((entry: Entry) => void) | undefined;
  readonly onEvicted?: ((entry: Entry) => void) | undefined;
}

/** The live actors of one kind, by key. One that is not live is brought to life when it is asked for. */
export class Registry<Entry extends { readonly key: string }> {
  readonly #load: (key: string) => Entry;
  readonly #onlooker: Onlooker<Entry>;
  readonly #live = new Map<string, Entry>();

  constructor(load: (key: string) => Entry, onlooker: Onlooker<Entry>) {
    this.#load = load;
    this.#onlooker = onlooker;
  }

  get live(): ReadonlyMap<string, Entry> {
    return this.#live;
  }

  /** From now on it is live. */
  get(key: string): Entry {
    const live = this.#live.get(key);
    if (live !== undefined) return live;
    const entry = this.#load(key);
    this.#live.set(key, entry);
    this.#onlooker.onLive?.(entry);
    return entry;
  }

  /** To look at it without keeping it live: a question must not cost memory. */
  peek(key: string): Entry {
    return this.#live.get(key) ?? this.#load(key);
  }

  /** It comes back from where it is stored when it is needed. */
  evict(key: string): void {
    const entry = this.#live.get(key);
    if (entry === undefined) return;
    this.#live.delete(key);
    this.#onlooker.onEvicted?.(entry);
  }

  clear(): void {
    this.#live.clear();
  }
}
