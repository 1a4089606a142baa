import { expect } from 'vitest';

/** Memory that is handed out from the bottom, and filled with NaN so that nothing that was not written counts. */
export class Heap {
  readonly memory = new WebAssembly.Memory({ initial: 1024 });
  readonly numbers = new Float32Array(this.memory.buffer).fill(NaN);
  readonly live = new Map<number, number>();
  #end = 1024;

  allocate = (bytes: number): number => {
    const address = this.#end;
    this.#end += Math.ceil(bytes / 8) * 8 + 8;
    this.live.set(address, bytes);
    return address;
  };

  free = (address: number): void => {
    expect(this.live.delete(address)).toBe(true);
  };

  put(data: Float32Array): number {
    const address = this.allocate(data.byteLength);
    this.numbers.set(data, address / 4);
    return address;
  }

  take(address: number, count: number): Float32Array {
    return this.numbers.slice(address / 4, address / 4 + count);
  }
}

/** Numbers in [-1, 1) that look random and are the same in every run. */
export function noise(count: number, seed: number): Float32Array {
  let state = seed * 2654435761 + 1;
  return Float32Array.from({ length: count }, () => {
    state = (Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x9e3779b9) | 0;
    return ((state >>> 8) / 2 ** 24) * 2 - 1;
  });
}

/** The product of extents. */
export const product = (shape: readonly number[]): number => shape.reduce((all, n) => all * n, 1);

/** Relative L2 error, and whether there is anything to compare. */
export function relativeError(actual: Float32Array, right: Float64Array): number {
  let [error, size] = [0, 0];
  right.forEach((value, i) => {
    error += (actual[i]! - value) ** 2;
    size += value ** 2;
  });
  expect(size).toBeGreaterThan(0);
  return Math.sqrt(error / size);
}
