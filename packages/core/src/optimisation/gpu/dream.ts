import { float, type KernelSource } from './kernel.js';
import { partsKernel, PARTS } from './sums.js';

/**
 * Numbers of a buffer `step`: extents of the image and of the tile; where the tile begins in the image, which row and
 * column that is of the rolled image; the tile's share of the value; which of the reports; length of the step times the
 * numbers of the image.
 */
export const TILE_NUMBERS = 12;

/** Numbers that a step of a dream reports: its value, and the sum of the magnitudes of its gradient. */
export const DREAM_REPORT = 2;

/** The numbers of a tile, in order. */
export interface TileNumbers {
  readonly size: readonly [number, number];
  readonly tile: readonly [number, number];
  /** `[row, column]` of its first pixel in the image. */
  readonly at: readonly [number, number];
  /** `[row, column]` of the image's first pixel in the rolled image. */
  readonly rolled: readonly [number, number];
  readonly share: number;
  readonly index: number;
  readonly length: number;
}

/** As the kernels read them. */
export const tileNumbers = (of: TileNumbers): Float32Array =>
  Float32Array.of(...of.size, ...of.tile, ...of.at, ...of.rolled, of.share, of.index, of.length, 0);

const NUMBERS = `
fn number(i: u32) -> u32 { return u32(step[i]); }
/** Row y and column x of the tile, in the image: it goes on at its other side. */
fn place(y: u32, x: u32) -> u32 {
  return ((number(4) + y) % number(0)) * number(1) + (number(5) + x) % number(1);
}`;

/** Kernels of a step of a dream; threads along x are columns, groups along y rows. */
export interface DreamKernels {
  /** Buffers: image `[C, H, W]`, step, tile `[C, h, w]`. Threads are the tile's pixels. */
  readonly cut: KernelSource;
  /**
   * Buffers: gradient and values of the tile, step, how many tiles cover the rows and the columns of the rolled image,
   * imageGradient `[C, H, W]`, reports. Threads are the pixels of the tile or, where it is larger, of the image.
   */
  readonly add: KernelSource;
  /** Buffers: imageGradient, parts. */
  readonly size: (length: number) => KernelSource;
  /** Buffers: imageGradient, parts, step, image, reports. Threads are the image's pixels. */
  readonly move: KernelSource;
}

/**
 * The kernels of a dream.
 *
 * @param limits least and largest value of each channel
 */
export function dreamKernels(limits: readonly (readonly [number, number])[]): DreamKernels {
  const channels = limits.length;
  return {
    cut: {
      name: 'cut a tile',
      buffers: [
        ['image', 'f32', 'read'],
        ['step', 'f32', 'read'],
        ['tile', 'f32', 'write'],
      ],
      before: NUMBERS,
      body: `
  if (at >= number(3)) { return; }
  let base = place(group.y, at);
  let to = group.y * number(3) + at;
  for (var c = 0u; c < ${channels}u; c++) {
    tile[c * number(2) * number(3) + to] = image[c * number(0) * number(1) + base];
  }`,
    },
    add: {
      name: 'add a gradient',
      buffers: [
        ['gradient', 'f32', 'read'],
        ['values', 'f32', 'read'],
        ['step', 'f32', 'read'],
        ['rows', 'f32', 'read'],
        ['columns', 'f32', 'read'],
        ['imageGradient', 'f32', 'write'],
        ['reports', 'f32', 'write'],
      ],
      before: NUMBERS,
      body: `
  if (at == 0u && group.y == 0u) { reports[${DREAM_REPORT}u * number(9)] += step[8] * values[0]; }
  if (at >= min(number(1), number(3))) { return; }
  let base = place(group.y, at);
  let row = (base / number(1) + number(6)) % number(0);
  let column = (base % number(1) + number(7)) % number(1);
  let share = 1 / (rows[row] * columns[column]);
  // A tile that is larger than the image sees its pixels several times.
  for (var c = 0u; c < ${channels}u; c++) {
    var sum = 0.0;
    for (var y = group.y; y < number(2); y += number(0)) {
      for (var x = at; x < number(3); x += number(1)) {
        sum += gradient[(c * number(2) + y) * number(3) + x];
      }
    }
    imageGradient[c * number(0) * number(1) + base] += share * sum;
  }`,
    },
    size: (length) =>
      partsKernel({
        name: 'size of the gradient',
        buffers: ['imageGradient'],
        length,
        term: 'abs(imageGradient[i])',
      }),
    move: {
      name: 'step of a dream',
      buffers: [
        ['imageGradient', 'f32', 'read'],
        ['parts', 'f32', 'read'],
        ['step', 'f32', 'read'],
        ['image', 'f32', 'write'],
        ['reports', 'f32', 'write'],
      ],
      before: NUMBERS,
      body: `
  var total = 0.0;
  for (var k = 0u; k < ${PARTS}u; k++) { total += parts[k]; }
  if (at == 0u && group.y == 0u) { reports[${DREAM_REPORT}u * number(9) + 1u] = total; }
  if (at >= number(1) || total == 0) { return; }
  let plane = number(0) * number(1);
  let factor = step[10] / total;
  var i = group.y * number(1) + at;${limits
    .map(
      ([low, high]) => `
  image[i] = clamp(image[i] + factor * imageGradient[i], ${float(low)}, ${float(high)});
  i += plane;`,
    )
    .join('')}`,
    },
  };
}
