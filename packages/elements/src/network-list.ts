import type { NetworkSource } from '@convlens/engine';
import { LensError } from '@convlens/onnx';
import { classNames, networkEntries, type NetworkEntry } from './catalogue.js';
import { entrySource } from './sources.js';

/** A network that a person can choose. */
export interface NetworkOption {
  readonly id: string;
  readonly title: string;
}

/** The networks that a person can choose from: those of the box, and files that were opened. */
export class NetworkList {
  readonly #files = new Map<string, NetworkSource>();
  /** Those of the box; empty before `load`. */
  entries: readonly NetworkEntry[] = [];

  /**
   * Fetches the list of those of the box.
   *
   * @throws LensError `E_FETCH`
   */
  async load(): Promise<void> {
    this.entries = await networkEntries();
  }

  /** All of them, those of the box first. */
  get options(): readonly NetworkOption[] {
    const own = [...this.#files.values()].map(({ id, knowledge }) => ({
      id,
      title: knowledge?.title ?? id,
    }));
    return [...this.entries, ...own];
  }

  /** One of the box, by its id. */
  entry(id: string): NetworkEntry | undefined {
    return this.entries.find((one) => one.id === id);
  }

  /** The title of one, or its id where there is none of that id. */
  titleOf(id: string): string {
    return this.options.find((one) => one.id === id)?.title ?? id;
  }

  /** Whether there is one of that id. */
  has(id: string): boolean {
    return this.#files.has(id) || this.entry(id) !== undefined;
  }

  /** The start of the checksum of one of the box. */
  version(id: string): string | undefined {
    return this.entry(id)?.sha256.slice(0, 16);
  }

  /** Adds a visitor's own. */
  add(source: NetworkSource): void {
    this.#files.set(source.id, source);
  }

  /** Takes a visitor's own off the list. */
  remove(id: string): void {
    this.#files.delete(id);
  }

  /** A visitor's own, as the engine opens it. */
  own(id: string): NetworkSource | undefined {
    return this.#files.get(id);
  }

  /**
   * What the engine opens, with the names of the classes of those of the box.
   *
   * @param id of one of the list
   * @throws LensError `E_ARGUMENT` when there is none
   */
  async source(id: string): Promise<NetworkSource> {
    const entry = this.entry(id);
    if (entry) {
      const source = entrySource(entry);
      return { ...source, knowledge: { ...source.knowledge, classes: await classNames(entry) } };
    }
    const own = this.own(id);
    if (own) return own;
    const known = this.options.map((one) => one.id).join(', ');
    throw new LensError('E_ARGUMENT', `There is no network "${id}" here. Choose one of ${known}.`);
  }
}
