import type { Network } from '@convlens/adapters';

/** Something that holds prepared programs. */
export interface Holder {
  /** Frees them. */
  dispose(): Promise<void>;
}

interface Entry {
  readonly holder: Holder;
  leases: number;
  /** Out of the list: freed when the last lease ends. */
  dropped: boolean;
}

/** What calls have borrowed, given back together when they end. */
export interface Leases {
  /**
   * Borrows what is held for a network, until the call ends.
   *
   * @param network what it is of
   * @param name what distinguishes it from the rest that is held for the network
   * @param make makes it where there is none
   */
  readonly borrow: <T extends Holder>(network: Network, name: string, make: () => T) => T;
}

/**
 * The prepared programs of open networks on the runtime in use. What a call has borrowed is freed when the call has ended,
 * however early the network is closed or the runtime changed.
 */
export class Programs {
  #entries = new Map<Network, Map<string, Entry>>();

  /**
   * Does something that borrows.
   *
   * @param work given the way to borrow
   */
  async lease<R>(work: (leases: Leases) => Promise<R>): Promise<R> {
    const borrowed = new Set<Entry>();
    const borrow = <T extends Holder>(network: Network, name: string, make: () => T): T => {
      const entry = this.#entry(network, name, make);
      if (!borrowed.has(entry)) entry.leases++;
      borrowed.add(entry);
      // A name stands for one type of holder: whoever borrows under it makes it.
      return entry.holder as T;
    };
    try {
      return await work({ borrow });
    } finally {
      for (const entry of borrowed) entry.leases--;
      for (const entry of borrowed) await settle(entry);
    }
  }

  #entry(network: Network, name: string, make: () => Holder): Entry {
    const held = this.#entries.get(network) ?? new Map<string, Entry>();
    this.#entries.set(network, held);
    const entry = held.get(name) ?? { holder: make(), leases: 0, dropped: false };
    held.set(name, entry);
    return entry;
  }

  /** Frees what is held for a network. */
  async forget(network: Network): Promise<void> {
    const entries = [...(this.#entries.get(network)?.values() ?? [])];
    this.#entries.delete(network);
    await drop(entries);
  }

  /** Frees what is held under a name for all networks but one. */
  async keepOnly(name: string, network: Network | undefined): Promise<void> {
    for (const [other, held] of this.#entries) {
      const entry = other === network ? undefined : held.get(name);
      if (!entry) continue;
      held.delete(name);
      await drop([entry]);
    }
  }

  /** Frees everything. */
  async clear(): Promise<void> {
    const entries = [...this.#entries.values()].flatMap((held) => [...held.values()]);
    this.#entries = new Map();
    await drop(entries);
  }
}

async function drop(entries: readonly Entry[]): Promise<void> {
  for (const entry of entries) entry.dropped = true;
  for (const entry of entries) await settle(entry);
}

async function settle(entry: Entry): Promise<void> {
  if (!entry.dropped || entry.leases > 0) return;
  // Whatever keeps a runtime from giving something back, it is of no use any more.
  await entry.holder.dispose().catch(() => undefined);
}
