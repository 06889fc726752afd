/** Which deliveries wait for which destination, each line in the order in which they go out. */
export class Lines {
  readonly #ids = new Map<string, string[]>();
  readonly #destinations = new Map<string, string>();

  get size(): number {
    return this.#destinations.size;
  }

  /** At the end of its line, unless it stands in it already. */
  add(deliveryId: string, destination: string): void {
    if (this.#destinations.has(deliveryId)) return;
    this.#destinations.set(deliveryId, destination);
    const line = this.#ids.get(destination);
    if (line === undefined) this.#ids.set(destination, [deliveryId]);
    else line.push(deliveryId);
  }

  /** @returns the destination whose line it has left */
  remove(deliveryId: string): string | undefined {
    const destination = this.#destinations.get(deliveryId);
    if (destination === undefined) return undefined;
    this.#destinations.delete(deliveryId);
    const line = this.#ids.get(destination) ?? [];
    // It is the first nearly always: only an operator takes one out of the middle.
    line.splice(line.indexOf(deliveryId), 1);
    if (line.length === 0) this.#ids.delete(destination);
    return destination;
  }

  /** Whose turn it is. */
  first(destination: string): string | undefined {
    return this.#ids.get(destination)?.[0];
  }

  destinations(): Iterable<string> {
    return this.#ids.keys();
  }

  clear(): void {
    this.#ids.clear();
    this.#destinations.clear();
  }
}
