import '../shared/dispose-symbol.js';
import { LensError } from '@convlens/onnx';
import type { Progress } from '../shared/api.js';
import type { CallOptions } from '../shared/engine-calls.js';
import { untilAborted } from './until-aborted.js';

interface Entry<Id, Source, Summary> {
  readonly id: Id;
  readonly key: unknown;
  readonly source: Source;
  readonly opening: Promise<Summary>;
  readonly abort: AbortController;
  readonly watchers: Set<(progress: Progress) => void>;
  holders: number;
  isOpen: boolean;
}

/** One holder's share of something open. */
export interface Share<Id, Summary> {
  readonly id: Id;
  readonly summary: Summary;
  /** Gives it back; again is no harm. */
  readonly release: () => void;
}

/**
 * Things that are open in the worker, counted by who holds them: what is opened twice is open once, and it is closed when the
 * last holder has given it back. Its ids are made here, so that nobody's thing is ever another's.
 */
export class Counted<Id extends string, Source, Summary> {
  readonly #prefix: string;
  readonly #open: (id: Id, source: Source, options: CallOptions) => Promise<Summary>;
  readonly #close: (id: Id) => void;
  readonly #keyOf: (source: Source) => unknown;
  readonly #entries = new Map<Id, Entry<Id, Source, Summary>>();
  #made = 0;

  /**
   * @param prefix of the ids
   * @param open opens it in the worker
   * @param close closes it there
   * @param keyOf what two sources have in common that are the same thing; `undefined` for one that is never shared
   */
  constructor(
    prefix: string,
    open: (id: Id, source: Source, options: CallOptions) => Promise<Summary>,
    close: (id: Id) => void,
    keyOf: (source: Source) => unknown,
  ) {
    this.#prefix = prefix;
    this.#open = open;
    this.#close = close;
    this.#keyOf = keyOf;
  }

  /** What is open, to open it again in another worker. */
  get open(): readonly { readonly id: Id; readonly source: Source }[] {
    return [...this.#entries.values()].filter(({ isOpen }) => isOpen);
  }

  /** How many are open or being opened. */
  get size(): number {
    return this.#entries.size;
  }

  /**
   * Takes a share of a thing; opens it where it is not open.
   *
   * @param source where it comes from
   * @param options the signal ends the wait, and the opening where nobody else waits for it
   */
  async acquire(source: Source, options: CallOptions): Promise<Share<Id, Summary>> {
    const { signal, onProgress } = options;
    if (signal?.aborted) throw new LensError('E_ABORTED', 'Cancelled.', { cause: signal.reason });
    const key = this.#keyOf(source);
    const known = [...this.#entries.values()].find((one) => key !== undefined && one.key === key);
    const entry = known ?? this.#begin(source, key);
    entry.holders++;
    if (onProgress) entry.watchers.add(onProgress);
    let held = true;
    const release = (): void => {
      if (!held) return;
      held = false;
      if (--entry.holders === 0) this.#end(entry, signal?.reason);
    };
    try {
      return { id: entry.id, summary: await untilAborted(entry.opening, signal), release };
    } catch (error) {
      release();
      throw error;
    } finally {
      if (onProgress) entry.watchers.delete(onProgress);
    }
  }

  #begin(source: Source, key: unknown): Entry<Id, Source, Summary> {
    const id = `${this.#prefix}-${++this.#made}` as Id;
    const abort = new AbortController();
    const watchers = new Set<(progress: Progress) => void>();
    const onProgress = (progress: Progress): void => {
      for (const watch of watchers) watch(progress);
    };
    const opening = this.#open(id, source, { signal: abort.signal, onProgress });
    const entry = { id, key, source, opening, abort, watchers, holders: 0, isOpen: false };
    this.#entries.set(id, entry);
    opening.then(
      () => (entry.isOpen = true),
      // Whoever tries again begins anew.
      () => this.#entries.delete(id),
    );
    return entry;
  }

  #end(entry: Entry<Id, Source, Summary>, reason: unknown): void {
    if (!this.#entries.delete(entry.id)) return;
    if (entry.isOpen) this.#close(entry.id);
    else {
      entry.abort.abort(reason);
      // Done just as nobody wanted it any more.
      entry.opening.then(
        () => this.#close(entry.id),
        () => undefined,
      );
    }
  }
}
