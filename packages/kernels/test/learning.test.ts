import { setFlagsFromString } from 'node:v8';
import { describe, expect, it } from 'vitest';
import { Kernels, packPanels, winogradFilters } from '../src/index.js';
import { Heap, noise, product, relativeError } from './support/heap.js';

// Node 20 knows fused multiplication and addition, and hides it.
setFlagsFromString('--experimental-wasm-relaxed-simd');

describe('filters that are laid out where they are', () => {
  it.each([
    [27, 8],
    [5, 13],
    [1, 3],
  ])('are those that are laid out beforehand: %i x %i', async (depth, outputs) => {
    const heap = new Heap();
    const kernels = await Kernels.load(heap);
    const w = noise(depth * outputs, 6);
    const packed = packPanels(w, depth, outputs);
    const to = heap.allocate(packed.byteLength);
    kernels.pack(heap.put(w), depth, outputs, to);
    expect(heap.take(to, packed.length)).toEqual(packed);
  });

  it.each([
    [4, 8],
    [12, 20],
    [1, 4],
  ])('are transformed as those beforehand but for rounding: %i x %i', async (inputs, outputs) => {
    const heap = new Heap();
    const kernels = await Kernels.load(heap);
    const w = noise(9 * inputs * outputs, 7);
    const right = winogradFilters(w, inputs, outputs);
    const to = heap.allocate(right.byteLength);
    kernels.transformFilters(heap.put(w), inputs, outputs, to);
    const actual = heap.take(to, right.length);
    expect(relativeError(actual, Float64Array.from(right))).toBeLessThan(2e-7);
  });
});

describe('the derivative of max-pooling', () => {
  it.each([
    ['side by side', [2, 6, 8, 8], [2, 2], [0, 0], [3, 4]],
    ['rows and columns in no window, uneven channels', [1, 7, 8, 5], [2, 3], [0, 0], [3, 2]],
    ['windows that reach outside', [2, 5, 5, 6], [3, 3], [1, 1], [2, 2]],
    ['one window', [1, 4, 4, 3], [4, 4], [0, 0], [1, 1]],
  ] as const)('goes to the first maximum: %s', async (_, from, kernel, before, extents) => {
    const heap = new Heap();
    const kernels = await Kernels.load(heap);
    const [images, height, width, channels] = from;
    const to = [images, ...extents, channels] as const;
    // Few values, so that there are ties.
    const x = noise(product(from), 8).map((value) => Math.round(2 * value));
    const dy = noise(product(to), 9);
    const y = new Float32Array(product(to));
    const right = new Float32Array(product(from));
    for (let at = 0; at < y.length; at++) {
      const channel = at % channels;
      const [image, row, column] = [
        Math.floor(at / (channels * extents[0] * extents[1])),
        Math.floor(at / (channels * extents[1])) % extents[0],
        Math.floor(at / channels) % extents[1],
      ];
      let best = -1;
      for (let u = 0; u < kernel[0]; u++) {
        for (let v = 0; v < kernel[1]; v++) {
          const [i, j] = [row * kernel[0] - before[0] + u, column * kernel[1] - before[1] + v];
          if (i < 0 || j < 0 || i >= height || j >= width) continue;
          const place = ((image * height + i) * width + j) * channels + channel;
          if (best < 0 || x[place]! > x[best]!) best = place;
        }
      }
      y[at] = x[best]!;
      right[best] = dy[at]!;
    }
    const dx = heap.allocate(4 * right.length);
    const places = { x: heap.put(x), y: heap.put(y), dy: heap.put(dy), dx };
    kernels.poolGradient({ ...places, from, to, kernel, before });
    expect(heap.take(dx, right.length)).toEqual(right);
  });
});

it.each([
  [1, 1],
  [129, 6],
  [1000, 17],
])('adds up %i rows of %i numbers', async (rows, columns) => {
  const heap = new Heap();
  const kernels = await Kernels.load(heap);
  const x = noise(rows * columns, 10);
  const right = new Float64Array(columns);
  x.forEach((value, i) => (right[i % columns]! += value));
  const sums = heap.allocate(4 * columns);
  kernels.sumRows(heap.put(x), rows, columns, sums);
  const actual = heap.take(sums, columns + 1);
  expect(actual.at(-1), 'the number behind the result').toBeNaN();
  expect(relativeError(actual.subarray(0, -1), right)).toBeLessThan(1e-6);
});
