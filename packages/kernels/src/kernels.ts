import { RELAXED, STRICT } from './binaries.js';

/** Memory that the kernels work on, and how to get some of it. */
export interface Owner {
  readonly memory: WebAssembly.Memory;
  /** Address of so many bytes, a multiple of 8. */
  allocate(bytes: number): number;
  free(address: number): void;
}

/** A convolution of one group over images with the channels last. All places are addresses of float32 numbers. */
export interface Convolution {
  /** `[images][height][width][channels]` */
  readonly x: number;
  readonly from: readonly [images: number, height: number, width: number, channels: number];
  /** `[images][height][width][outputs]` */
  readonly y: number;
  readonly to: readonly [images: number, height: number, width: number, outputs: number];
  /** As `packPanels` packs `[rows * columns * channels][outputs]`, or, for `winograd`, from `winogradFilters`. */
  readonly filters: number;
  /** As long as the panels; 0 for none. */
  readonly bias: number;
  /** Rows and columns of a filter. */
  readonly kernel: readonly [number, number];
  readonly strides: readonly [number, number];
  readonly dilations: readonly [number, number];
  /** Rows of zeros above, and columns to the left. What is missing below and to the right follows from the extents. */
  readonly before: readonly [number, number];
  /** Whether a ReLU follows. */
  readonly relu: boolean;
}

/** The gradient of the filters of a convolution of one group over images with the channels last. */
export interface FilterGradient extends Pick<
  Convolution,
  'x' | 'from' | 'to' | 'kernel' | 'strides' | 'dilations' | 'before'
> {
  /** Cotangent of the result: `[images][height][width][outputs]`, extents `to`. */
  readonly dy: number;
  /** `[rows][columns][channels][outputs]` */
  readonly dw: number;
}

/** The derivative of max-pooling with windows side by side, over images with the channels last. */
export interface PoolGradient {
  /** `[images][height][width][channels]` */
  readonly x: number;
  readonly from: readonly [images: number, height: number, width: number, channels: number];
  /** The maxima: `[images][height][width][channels]`, extents `to`. */
  readonly y: number;
  readonly to: readonly [images: number, height: number, width: number, channels: number];
  /** Cotangents of the maxima. */
  readonly dy: number;
  /** Like x. */
  readonly dx: number;
  /** Rows and columns of a window, which are its strides too. */
  readonly kernel: readonly [number, number];
  /** Rows of the first windows that lie above the image, and columns to the left. */
  readonly before: readonly [number, number];
}

/** What the module exports; numbers are addresses, counts and bytes. */
interface Exports {
  /** Bytes of a tile's sums. */
  readonly TILE_BYTES: { readonly value: number };
  /** Bytes between the transforms of the two axes. */
  readonly BETWEEN_BYTES: { readonly value: number };
  /** Positions whose windows are laid out at once. */
  readonly POSITIONS: { readonly value: number };
  convolution(...places: number[]): void;
  filterGradient(...places: number[]): void;
  gate(x: number, g: number, y: number, count: number): void;
  matrixStep(tiles: number, channels: number): number;
  poolGradient(...places: number[]): void;
  sumRows(x: number, rows: number, columns: number, sums: number): void;
  pack(from: number, depth: number, columns: number, to: number): void;
  transformFilters(
    from: number,
    inputs: number,
    outputs: number,
    to: number,
    between: number,
  ): void;
  winograd(...places: number[]): void;
}

/** Bytes of the windows that the gradient of filters lays out at once: about what a second-level cache keeps. */
const WINDOWS = 2 ** 18;

/** Numbers of a block's transformed pieces and sums together, at most: 16 MB. */
const BLOCK = 4e6;

/**
 * Tiles that Winograd's filtering takes at once. The transformed filters are read once a block, so the more there are of them
 * the larger it is; where they are few, pieces and sums had better stay in the second-level cache.
 */
function tilesAtOnce(channels: number, outputs: number, tiles: number): number {
  const wished = Math.max(48, (channels * outputs) / 256);
  return Math.ceil(Math.min(wished, BLOCK / (36 * (channels + outputs)), tiles));
}

/** Whether a convolution can be filtered Winograd's way: 3 x 3, stride 1, channels in fours. */
export function canWinograd({
  from,
  to,
  kernel,
  strides,
  dilations,
}: Pick<Convolution, 'from' | 'to' | 'kernel' | 'strides' | 'dilations'>): boolean {
  return (
    kernel.every((extent) => extent === 3) &&
    [...strides, ...dilations].every((n) => n === 1) &&
    from[3] % 4 === 0 &&
    to[3] % 4 === 0
  );
}

const floorOf = (relu: boolean): number => (relu ? 0 : -Infinity);

/** Kernels on somebody's memory. */
export class Kernels {
  readonly #owner: Owner;
  readonly #exports: Exports;
  /** Whether multiplications and additions are fused, which rounds once instead of twice and is 1.4 times as fast. */
  readonly fused: boolean;

  private constructor(owner: Owner, exports: Exports, fused: boolean) {
    this.#owner = owner;
    this.#exports = exports;
    this.fused = fused;
  }

  /**
   * Loads the kernels, in the fastest form that runs here.
   *
   * @param owner whose memory they work on
   * @param fused whether multiplications and additions may be fused, where they can be
   * @throws TypeError or WebAssembly.CompileError where there is no SIMD
   */
  static async load(owner: Owner, fused = true): Promise<Kernels> {
    const relaxed = bytesOf(RELAXED);
    const isFused = fused && WebAssembly.validate(relaxed);
    const { instance } = await WebAssembly.instantiate(isFused ? relaxed : bytesOf(STRICT), {
      env: { memory: owner.memory },
    });
    return new Kernels(owner, instance.exports as unknown as Exports, isFused);
  }

  /**
   * y = max(x * filters + bias, 0 or -infinity): the windows of some positions at a time are laid out as a matrix, which is
   * multiplied with the filters.
   *
   * @param convolution what and where
   */
  convolution({ x, y, filters, bias, from, to, ...window }: Convolution): void {
    const { kernel, strides, dilations, before, relu } = window;
    const { TILE_BYTES, POSITIONS } = this.#exports;
    const windows = POSITIONS.value * kernel[0] * kernel[1] * from[3] * 4;
    this.#with([TILE_BYTES.value, windows], (tile, rows) => {
      this.#exports.convolution(
        ...[x, filters, bias, y, ...from, ...to.slice(1), ...kernel],
        ...[...strides, ...dilations, ...before, floorOf(relu), tile, rows],
      );
    });
  }

  /**
   * The same by Winograd's minimal filtering F(4 x 4, 3 x 3), with a relative error of 1e-6 to 3e-6 instead of 2e-7.
   *
   * @param convolution what and where; see `canWinograd`
   */
  winograd({ x, y, filters, bias, from, to, before, relu }: Convolution): void {
    const [images, height, width, outputs] = to;
    const channels = from[3];
    const tiles = images * Math.ceil(height / 4) * Math.ceil(width / 4);
    const atOnce = tilesAtOnce(channels, outputs, tiles);
    const bytes = [
      this.#exports.TILE_BYTES.value,
      this.#exports.BETWEEN_BYTES.value,
      36 * this.#exports.matrixStep(atOnce, channels),
      36 * this.#exports.matrixStep(atOnce, outputs),
      36 * channels * 4,
    ];
    this.#with(bytes, (...scratch) => {
      this.#exports.winograd(
        ...[x, filters, bias, y, ...from, ...to.slice(1), ...before],
        ...[floorOf(relu), atOnce, ...scratch],
      );
    });
  }

  /**
   * Lays out filters as `packPanels` does, where they are.
   *
   * @param from address of `[depth][outputs]`
   * @param depth rows * columns * channels of a filter
   * @param outputs number of filters
   * @param to address of `[outputs / PANEL, rounded up][depth][PANEL]`
   */
  pack(from: number, depth: number, outputs: number, to: number): void {
    this.#exports.pack(from, depth, outputs, to);
  }

  /**
   * Transforms 3 x 3 filters as `winogradFilters` does, where they are and in float32.
   *
   * @param from address of `[3][3][inputs][outputs]`
   * @param inputs channels
   * @param outputs number of filters, a multiple of 4
   * @param to address of 36 times `[outputs / PANEL, rounded up][inputs][PANEL]`
   */
  transformFilters(from: number, inputs: number, outputs: number, to: number): void {
    this.#with([this.#exports.BETWEEN_BYTES.value], (between) => {
      this.#exports.transformFilters(from, inputs, outputs, to, between);
    });
  }

  /**
   * The gradient of a convolution's filters.
   *
   * @param gradient what and where
   */
  filterGradient({ x, dy, dw, from, to, ...window }: FilterGradient): void {
    const { kernel, strides, dilations, before } = window;
    const depth = kernel[0] * kernel[1] * from[3];
    // An odd number of lines of the cache, so that the same place of many windows is in many of its sets.
    const step = (Math.ceil(depth / 16) | 1) * 64;
    const positions = to[0] * to[1] * to[2];
    const atOnce = Math.min(positions, Math.max(96, Math.min(512, Math.floor(WINDOWS / step))));
    const bytes = [
      this.#exports.TILE_BYTES.value,
      atOnce * step + 64,
      Math.ceil(to[3] / 8) * 8 * 4 * atOnce,
    ];
    this.#with(bytes, (tile, windows, panels) => {
      this.#exports.filterGradient(
        ...[x, dy, dw, ...from, ...to.slice(1), ...kernel],
        ...[...strides, ...dilations, ...before, atOnce, tile, windows, step, panels],
      );
    });
  }

  /**
   * Gives each window's cotangent to its maximum, the first one in row order on a tie, and 0 to all else.
   *
   * @param pooling what and where
   */
  poolGradient({ x, y, dy, dx, from, to, kernel, before }: PoolGradient): void {
    this.#exports.poolGradient(...[x, y, dy, dx, ...from, to[1], to[2], ...kernel, ...before]);
  }

  /**
   * The sum of the rows of a matrix.
   *
   * @param x address of `[rows][columns]`
   * @param rows how many
   * @param columns how many numbers in each
   * @param sums address of `[columns]`
   */
  sumRows(x: number, rows: number, columns: number, sums: number): void {
    this.#exports.sumRows(x, rows, columns, sums);
  }

  /**
   * y = g where x > 0, else 0.
   *
   * @param x address of the numbers that decide
   * @param g address of what is let through
   * @param y address of the result
   * @param count how many numbers
   */
  gate(x: number, g: number, y: number, count: number): void {
    this.#exports.gate(x, g, y, count);
  }

  /** Hands out memory for as long as something runs. */
  #with(sizes: readonly number[], run: (...addresses: number[]) => void): void {
    // Each begins with a line of the cache.
    const aligned = sizes.map((bytes) => Math.ceil(bytes / 64) * 64);
    const block = this.#owner.allocate(aligned.reduce((sum, bytes) => sum + bytes, 64));
    try {
      let next = Math.ceil(block / 64) * 64;
      run(...aligned.map((bytes) => (next += bytes) - bytes));
    } finally {
      this.#owner.free(block);
    }
  }
}

function bytesOf(base64: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
}
