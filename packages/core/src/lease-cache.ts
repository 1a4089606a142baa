/** One thing of a cache, and how many work with it at the moment. */
interface Entry<T> {
  readonly made: Promise<T>;
  leases: number;
  /** No longer in the cache: freed when the last lease ends. */
  evicted: boolean;
}

/**
 * The latest of things that are costly to make. What somebody works with is leased: it is freed when it has left the cache and
 * nobody works with it any more, never before. Whoever asks again for what was freed gets another one.
 */
export class LeaseCache<T> {
  readonly #count: number;
  readonly #free: (thing: T) => Promise<void>;
  readonly #entries = new Map<string, Entry<T>>();

  /**
   * @param count how many are kept
   * @param free what is done to those that are not kept
   */
  constructor(count: number, free: (thing: T) => Promise<void>) {
    this.#count = count;
    this.#free = free;
  }

  /**
   * Works with the thing of a key, which is not freed before the work is done. One that could not be made is not kept.
   *
   * @param key what distinguishes it
   * @param make makes it where there is none
   * @param work what is done with it
   */
  async use<R>(
    key: string,
    make: () => Promise<T>,
    work: (thing: T) => R | Promise<R>,
  ): Promise<R> {
    const entry = this.#entry(key, make);
    entry.leases++;
    try {
      return await work(await entry.made);
    } finally {
      entry.leases--;
      if (entry.evicted) await this.#settle(entry);
    }
  }

  #entry(key: string, make: () => Promise<T>): Entry<T> {
    const known = this.#entries.get(key);
    const entry = known ?? { made: make(), leases: 0, evicted: false };
    if (!known) {
      entry.made.catch(() => {
        if (this.#entries.get(key) === entry) this.#entries.delete(key);
      });
    }
    // The last of a map is the latest.
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    if (this.#entries.size > this.#count) {
      const [oldest, idle] = [...this.#entries][0]!;
      void this.#evict(oldest, idle).catch(() => undefined);
    }
    return entry;
  }

  #evict(key: string, entry: Entry<T>): Promise<void> {
    this.#entries.delete(key);
    entry.evicted = true;
    return this.#settle(entry);
  }

  async #settle(entry: Entry<T>): Promise<void> {
    if (entry.leases > 0) return;
    const thing = await entry.made.catch(() => undefined);
    if (thing !== undefined) await this.#free(thing);
  }

  /** Frees all; those that somebody works with when the work is done. */
  async dispose(): Promise<void> {
    for (const [key, entry] of [...this.#entries]) await this.#evict(key, entry);
  }
}
