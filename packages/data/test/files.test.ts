import { describe, expect, it } from 'vitest';
import { readNpy, writeNpy } from '../src/index.js';
import { readPng, writePng } from '../src/png.js';

describe('npy', () => {
  it('writes what it reads, for every shape', () => {
    for (const shape of [[], [3], [2, 3], [1, 2, 3, 1]]) {
      const count = shape.reduce((a, b) => a * b, 1);
      const tensor = {
        dtype: 'float32',
        shape,
        data: Float32Array.from({ length: count }, (_, i) => i - 1.5),
      } as const;
      const file = writeNpy(tensor);
      expect(readNpy(file)).toEqual(tensor);
      expect((file.length - count * 4) % 64).toBe(0);
    }
  });

  it('says what is wrong', () => {
    expect(() => readNpy(new TextEncoder().encode('<!doctype html>'))).toThrow(/NumPy/);
    const file = writeNpy({ dtype: 'float32', shape: [4], data: new Float32Array(4) });
    expect(() => readNpy(file.subarray(0, file.length - 1))).toThrow(/ends early/);
  });
});

describe('png', () => {
  it('keeps every bit, opaque or not', () => {
    for (const alpha of [255, 128]) {
      const data = Uint8Array.from({ length: 6 * 4 * 4 }, (_, i) => (i * 37) % 256);
      for (let i = 3; i < data.length; i += 4) data[i] = alpha;
      expect(readPng(writePng({ width: 6, height: 4, data }))).toEqual({
        width: 6,
        height: 4,
        data,
      });
    }
  });

  it('refuses other files', () => {
    expect(() => readPng(Uint8Array.of(1, 2, 3))).toThrow(/PNG/);
  });
});
