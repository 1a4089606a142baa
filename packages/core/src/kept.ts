/** Things that are costly to make, the latest of which are kept. */
export class Kept<T> {
  readonly #count: number;
  readonly #free: (thing: T) => Promise<void>;
  readonly #things = new Map<string, Promise<T>>();

  /**
   * @param count how many
   * @param free what is done to those that are not kept
   */
  constructor(count: number, free: (thing: T) => Promise<void>) {
    this.#count = count;
    this.#free = free;
  }

  /**
   * The thing of a key. One that could not be made is not kept.
   *
   * @param key what distinguishes it
   * @param make makes it where there is none
   */
  async get(key: string, make: () => Promise<T>): Promise<T> {
    let thing = this.#things.get(key);
    if (!thing) {
      const made = (thing = make());
      made.catch(() => {
        if (this.#things.get(key) === made) this.#things.delete(key);
      });
    }
    // The last of a map is the latest.
    this.#things.delete(key);
    this.#things.set(key, thing);
    if (this.#things.size > this.#count) {
      const [oldest, idle] = [...this.#things][0]!;
      this.#things.delete(oldest);
      void idle.then(this.#free).catch(() => undefined);
    }
    return thing;
  }

  /** Frees all. */
  async dispose(): Promise<void> {
    const things = [...this.#things.values()];
    this.#things.clear();
    for (const thing of things) {
      const made = await thing.catch(() => undefined);
      if (made !== undefined) await this.#free(made);
    }
  }
}
