import { setFlagsFromString } from 'node:v8';
import { describe, expect, it } from 'vitest';
import {
  canWinograd,
  Kernels,
  packPanels,
  packRow,
  winogradFilters,
  type Convolution,
} from '../src/index.js';
import { Heap, noise, product, relativeError } from './support/heap.js';

// Node 20 knows fused multiplication and addition, and hides it.
setFlagsFromString('--experimental-wasm-relaxed-simd');

type Four = readonly [number, number, number, number];

interface Window {
  readonly from: Four;
  readonly outputs: number;
  readonly kernel: readonly [number, number];
  readonly strides?: readonly [number, number];
  readonly dilations?: readonly [number, number];
  readonly before?: readonly [number, number];
  readonly behind?: readonly [number, number];
  readonly relu?: boolean;
  readonly bias?: boolean;
}

/** The definition of a convolution, summed in float64. */
function expected(
  window: Required<Window>,
  to: Four,
  x: Float32Array,
  w: Float32Array,
  c: Float32Array,
) {
  const { from, kernel, strides, dilations, before, relu, bias } = window;
  const [, height, width, channels] = from;
  const [images, rows, columns, outputs] = to;
  const y = new Float64Array(product(to));
  let at = 0;
  for (let image = 0; image < images; image++) {
    for (let row = 0; row < rows; row++) {
      for (let column = 0; column < columns; column++) {
        for (let output = 0; output < outputs; output++) {
          let sum = bias ? c[output]! : 0;
          for (let u = 0; u < kernel[0]; u++) {
            for (let v = 0; v < kernel[1]; v++) {
              const i = row * strides[0] - before[0] + u * dilations[0];
              const j = column * strides[1] - before[1] + v * dilations[1];
              if (i < 0 || j < 0 || i >= height || j >= width) continue;
              for (let k = 0; k < channels; k++) {
                const pixel = ((image * height + i) * width + j) * channels + k;
                sum += x[pixel]! * w[((u * kernel[1] + v) * channels + k) * outputs + output]!;
              }
            }
          }
          y[at++] = relu ? Math.max(sum, 0) : sum;
        }
      }
    }
  }
  return y;
}

function extentsOf(window: Required<Window>): Four {
  const { from, outputs, kernel, strides, dilations, before, behind } = window;
  const extents = [0, 1].map(
    (axis) =>
      Math.floor(
        (from[axis + 1]! +
          before[axis]! +
          behind[axis]! -
          dilations[axis]! * (kernel[axis]! - 1) -
          1) /
          strides[axis]!,
      ) + 1,
  );
  return [from[0], extents[0]!, extents[1]!, outputs];
}

async function run(form: 'convolution' | 'winograd', window: Required<Window>, fused: boolean) {
  const heap = new Heap();
  const kernels = await Kernels.load(heap, fused);
  expect(kernels.fused).toBe(fused);
  const { from, outputs, kernel } = window;
  const to = extentsOf(window);
  const depth = kernel[0] * kernel[1] * from[3];
  const x = noise(product(from), 1);
  const w = noise(depth * outputs, 2);
  const c = noise(outputs, 3);
  const filters =
    form === 'winograd' ? winogradFilters(w, from[3], outputs) : packPanels(w, depth, outputs);
  const call: Convolution = {
    ...window,
    ...{ x: heap.put(x), filters: heap.put(filters), to },
    bias: window.bias ? heap.put(packRow(c)) : 0,
    y: heap.allocate(4 * product(to)),
  };
  const kept = heap.live.size;
  kernels[form](call);
  expect(heap.live.size, 'memory that was given back').toBe(kept);
  const y = heap.take(call.y, product(to) + 1);
  expect(y.at(-1), 'the number behind the result').toBeNaN();
  return { actual: y.subarray(0, -1), right: expected(window, to, x, w, c) };
}

const whole = (window: Window): Required<Window> => ({
  ...{ strides: [1, 1], dilations: [1, 1], before: [0, 0], behind: [0, 0] },
  ...{ relu: false, bias: false },
  ...window,
});

/** Extents on both sides of those of tiles, panels and blocks. */
const windows: Record<string, Window> = {
  'one pixel, one channel': { from: [1, 1, 1, 1], outputs: 1, kernel: [1, 1] },
  '1 x 1': { from: [1, 7, 7, 40], outputs: 24, kernel: [1, 1], bias: true, relu: true },
  '1 x 1, strides': { from: [2, 9, 8, 12], outputs: 8, kernel: [1, 1], strides: [2, 2] },
  'deep: three blocks of depth': {
    from: [1, 4, 5, 1300],
    outputs: 9,
    kernel: [1, 1],
    bias: true,
    relu: true,
  },
  'narrow: less than a panel': { from: [1, 12, 11, 16], outputs: 3, kernel: [1, 1], bias: true },
  'many positions: several blocks': { from: [1, 21, 19, 5], outputs: 10, kernel: [1, 1] },
  'AlexNet: 11 x 11, strides of 4': {
    from: [1, 31, 35, 3],
    outputs: 16,
    kernel: [11, 11],
    strides: [4, 4],
    before: [2, 2],
    behind: [2, 2],
    bias: true,
    relu: true,
  },
  'ResNet: 7 x 7, strides of 2': {
    from: [2, 20, 23, 3],
    outputs: 13,
    kernel: [7, 7],
    strides: [2, 2],
    before: [3, 3],
    behind: [3, 3],
  },
  dilated: {
    from: [1, 13, 12, 6],
    outputs: 8,
    kernel: [3, 3],
    dilations: [2, 3],
    before: [2, 3],
    behind: [2, 3],
  },
  'uneven in every way': {
    from: [2, 9, 14, 5],
    outputs: 7,
    kernel: [2, 5],
    strides: [1, 3],
    before: [0, 4],
    behind: [1, 2],
    bias: true,
  },
  'a window larger than the image': {
    from: [1, 2, 3, 4],
    outputs: 8,
    kernel: [5, 7],
    before: [2, 3],
    behind: [2, 3],
  },
  '3 x 3': {
    from: [1, 10, 9, 8],
    outputs: 16,
    kernel: [3, 3],
    before: [1, 1],
    behind: [1, 1],
    bias: true,
    relu: true,
  },
  '3 x 3 without padding': { from: [3, 8, 11, 12], outputs: 20, kernel: [3, 3] },
  '3 x 3 with padding on one side': {
    from: [1, 7, 6, 4],
    outputs: 4,
    kernel: [3, 3],
    before: [2, 0],
    behind: [0, 2],
  },
  '3 x 3, one position': {
    from: [1, 1, 1, 16],
    outputs: 12,
    kernel: [3, 3],
    before: [1, 1],
    behind: [1, 1],
  },
  '3 x 3, several blocks of tiles': {
    from: [2, 33, 30, 8],
    outputs: 8,
    kernel: [3, 3],
    before: [1, 1],
    behind: [1, 1],
  },
  '3 x 3, deep': {
    from: [1, 5, 5, 600],
    outputs: 40,
    kernel: [3, 3],
    before: [1, 1],
    behind: [1, 1],
    relu: true,
  },
};

describe.each([
  ['fused', true],
  ['not fused', false],
])('kernels, multiplications and additions %s', (_, fused) => {
  it.each(Object.entries(windows))('convolution: %s', async (_name, window) => {
    const { actual, right } = await run('convolution', whole(window), fused);
    expect(relativeError(actual, right)).toBeLessThan(1e-6);
  });

  const fitting = Object.entries(windows).filter(([, window]) => {
    const full = whole(window);
    return canWinograd({ ...full, to: extentsOf(full) });
  });
  it('filters some of these windows in Winograd’s way', () => {
    expect(fitting.length).toBeGreaterThanOrEqual(6);
  });
  it.each(fitting)('winograd: %s', async (_name, window) => {
    const { actual, right } = await run('winograd', whole(window), fused);
    expect(relativeError(actual, right)).toBeLessThan(4e-6);
  });

  it('lets through where a number is positive, and nothing elsewhere', async () => {
    const heap = new Heap();
    const kernels = await Kernels.load(heap, fused);
    const x = Float32Array.of(1, -1, 0, -0, NaN, Infinity, -Infinity, 1e-40, 2);
    const g = Float32Array.of(3, Infinity, NaN, 4, 5, -6, 7, 8, -Infinity);
    const y = heap.allocate(4 * x.length);
    kernels.gate(heap.put(x), heap.put(g), y, x.length);
    expect([...heap.take(y, x.length)]).toEqual([3, 0, 0, 0, 0, -6, 0, 8, -Infinity]);
  });

  it('gives its memory back when something fails', async () => {
    const heap = new Heap();
    const kernels = await Kernels.load(heap, fused);
    const call = { ...whole(windows['1 x 1']!), x: 2 ** 30, filters: 0, bias: 0, y: 0 };
    expect(() => {
      kernels.convolution({ ...call, to: [1, 7, 7, 24] });
    }).toThrow(WebAssembly.RuntimeError);
    expect(heap.live.size).toBe(0);
  });
});

/** dw[u][v][k][o] = sum over images and positions of x dy, in float64. */
function filterGradient(window: Required<Window>, to: Four, x: Float32Array, dy: Float32Array) {
  const { from, kernel, strides, dilations, before } = window;
  const [, height, width, channels] = from;
  const [images, rows, columns, outputs] = to;
  const dw = new Float64Array(kernel[0] * kernel[1] * channels * outputs);
  for (let image = 0; image < images; image++) {
    for (let row = 0; row < rows; row++) {
      for (let column = 0; column < columns; column++) {
        const at = ((image * rows + row) * columns + column) * outputs;
        for (let u = 0; u < kernel[0]; u++) {
          for (let v = 0; v < kernel[1]; v++) {
            const i = row * strides[0] - before[0] + u * dilations[0];
            const j = column * strides[1] - before[1] + v * dilations[1];
            if (i < 0 || j < 0 || i >= height || j >= width) continue;
            for (let k = 0; k < channels; k++) {
              const value = x[((image * height + i) * width + j) * channels + k]!;
              const place = ((u * kernel[1] + v) * channels + k) * outputs;
              for (let o = 0; o < outputs; o++) dw[place + o]! += value * dy[at + o]!;
            }
          }
        }
      }
    }
  }
  return dw;
}

describe.each([true, false])('the gradient of filters, fused: %s', (fused) => {
  it.each(Object.entries(windows))('%s', async (_, part) => {
    const window = whole(part);
    const heap = new Heap();
    const kernels = await Kernels.load(heap, fused);
    const to = extentsOf(window);
    const [x, dy] = [noise(product(window.from), 4), noise(product(to), 5)];
    const right = filterGradient(window, to, x, dy);
    const call = { ...window, x: heap.put(x), dy: heap.put(dy), dw: 0, to };
    call.dw = heap.allocate(4 * right.length);
    const kept = heap.live.size;
    kernels.filterGradient(call);
    expect(heap.live.size, 'memory that was given back').toBe(kept);
    const actual = heap.take(call.dw, right.length + 1);
    expect(actual.at(-1), 'the number behind the result').toBeNaN();
    expect(relativeError(actual.subarray(0, -1), right)).toBeLessThan(1e-6);
  });
});
