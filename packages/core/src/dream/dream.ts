import { resizePlanes } from '@convlens/data';
import { LensError, type TensorData } from '@convlens/onnx';
import type { StepReport } from '../optimisation/ascent.js';
import type { Goal } from '../optimisation/goal.js';
import type { Goals } from '../optimisation/goal-program.js';
import { inputUnit, inputValue } from '../optimisation/parametrisation.js';
import { chance } from '../optimisation/transforms.js';

type Tensor = TensorData<'float32'>;
type Size = readonly [height: number, width: number];

/** How an image dreams. */
export interface DreamOptions {
  readonly goal: Goal;
  /** The image, float32 `[1, C, H, W]` as the network is fed it, of any size. */
  readonly image: Tensor;
  /** Sizes of the image that are dreamt on, the smallest first; 4 by default. */
  readonly octaves?: number;
  /** Ratio of one size to the one before; 1.4 by default. */
  readonly octaveScale?: number;
  /** Steps on each size; 10 by default. */
  readonly steps?: number;
  /** Length of a step: mean change of a pixel in grey levels of 255; 1.5 by default. */
  readonly rate?: number;
  /** Images larger than this dream in tiles of this side; 256 by default. */
  readonly tile?: number;
  readonly seed: number;
  /** Image whose features guide the dream. */
  readonly reference?: Tensor;
}

/** A dream at some step. */
export interface DreamState {
  readonly step: number;
  /** `[height, width]` of the octave. */
  readonly size: Size;
  /** float32 `[C, height, width]`. */
  readonly image: Float32Array;
}

/** Smallest side of an octave: below, deep layers have no position left. */
const SMALLEST = 32;

/**
 * DeepDream (Mordvintsev, Olah and Tyka, Inceptionism, 2015): the image climbs an objective, half the mean square of a
 * layer by default, on several sizes from small to large; what was dreamt on one is carried to the next as detail. A
 * step is divided by the mean magnitude of the gradient. The image is rolled by a random offset before each step, and
 * cut into tiles where it is larger than one, so that seams lie elsewhere every time and leave no trace.
 */
export class Dream {
  readonly #goals: Goals;
  readonly #options: DreamOptions;
  readonly #sizes: readonly Size[];
  readonly #each: number;
  #base: Float32Array;
  #state: DreamState;
  #programs = new Map<string, ReturnType<Goals['prepare']>>();
  /** Side of tiles when the network takes one size only. */
  #fixed: Size | undefined;

  /**
   * @param goals objectives of the network
   * @param options image and how it dreams
   * @param state where an earlier run of the same options was; the start by default
   * @throws LensError `E_ARGUMENT` when a state does not fit
   */
  constructor(goals: Goals, options: DreamOptions, state?: DreamState) {
    this.#goals = goals;
    this.#options = options;
    const { octaves = 4, octaveScale = 1.4, steps = 10, image } = options;
    const [height = 1, width = 1] = image.shape.slice(-2);
    this.#each = steps;
    const sizes: Size[] = [];
    for (let octave = octaves - 1; octave >= 0; octave--) {
      const factor = octaveScale ** -octave;
      const size: Size = [Math.round(height * factor), Math.round(width * factor)];
      // The full size is always dreamt on, however small the image.
      if (octave === 0 || Math.min(...size) >= SMALLEST) sizes.push(size);
    }
    this.#sizes = sizes;
    const first = sizes[0]!;
    this.#base = this.#at(first);
    this.#state = state ?? { step: 0, size: first, image: this.#base.slice() };
    if (state) {
      // It grows with the step that follows: the last one of a size leaves it at that size.
      const octave = Math.floor(Math.max(0, state.step - 1) / steps);
      const size = sizes[Math.min(octave, sizes.length - 1)]!;
      if (String(size) !== String(state.size) || state.image.length !== this.#at(size).length) {
        throw new LensError(
          'E_ARGUMENT',
          `Expected a dream of ${size[1]} x ${size[0]} pixels at step ${state.step}, got one of ` +
            `${state.size[1]} x ${state.size[0]}: it belongs to another image or other octaves. Start anew.`,
        );
      }
      this.#base = this.#at(size);
      this.#state = { ...state, image: state.image.slice() };
    }
  }

  /** Steps of the whole run. */
  get total(): number {
    return this.#sizes.length * this.#each;
  }

  /** Where the run is; the array is the run's own, copy it to keep it. */
  get state(): DreamState {
    return this.#state;
  }

  /** The image as it is, of the octave's size: float32 `[1, C, H, W]`. */
  picture(): Tensor {
    const { image, size } = this.#state;
    const shape = [1, this.#goals.network.input.shape[0], ...size];
    return { dtype: 'float32', shape, data: image.slice() };
  }

  /** The source at a size. */
  #at(size: Size): Float32Array {
    const { image } = this.#options;
    const [height = 1, width = 1] = image.shape.slice(-2);
    if (size[0] === height && size[1] === width) return image.data;
    return resizePlanes(image.data, [height, width], size);
  }

  /**
   * One step, on the next size when the last one is done.
   *
   * @throws LensError `E_RUN` when the objective is not finite; as the runtime does
   */
  async step(): Promise<StepReport> {
    this.#rise();
    const { step, size } = this.#state;
    const { seed, rate = 1.5 } = this.#options;
    const { network } = this.#goals;
    const [channels] = network.input.shape;
    const image = this.#state.image.slice();
    const { value, gradient } = await this.#gradient(image, size, chance(seed, step, 0));
    let sum = 0;
    for (const slope of gradient) sum += Math.abs(slope);
    if (!Number.isFinite(value) || !Number.isFinite(sum)) {
      throw new LensError(
        'E_RUN',
        `The objective is not finite at step ${step}. Lower the rate, or choose another layer.`,
      );
    }
    const unit = inputUnit(network.preprocessing);
    // Grey levels of 255 in the network's own numbers: an image's deviation is 0.226 of its range.
    const length = (rate / 255 / 0.226) * unit;
    const factor = sum === 0 ? 0 : (length * gradient.length) / sum;
    const plane = size[0] * size[1];
    for (let c = 0; c < channels; c++) {
      const low = inputValue(network.preprocessing, c, 0);
      const high = inputValue(network.preprocessing, c, 1);
      for (let i = c * plane; i < (c + 1) * plane; i++) {
        image[i] = Math.min(high, Math.max(low, image[i]! + factor * gradient[i]!));
      }
    }
    this.#state = { step: step + 1, size, image };
    const values = Float32Array.of(value);
    const note = 'The gradient is zero: nothing in this image excites what the dream is about.';
    return { step, values, totals: values, ...(sum === 0 ? { note } : {}) };
  }

  /** Carries what was dreamt to the next size when it is time. */
  #rise(): void {
    const { step, size, image } = this.#state;
    const next = this.#sizes[Math.min(Math.floor(step / this.#each), this.#sizes.length - 1)]!;
    if (next[0] === size[0] && next[1] === size[1]) return;
    const detail = image.map((value, i) => value - this.#base[i]!);
    const grown = resizePlanes(detail, size, next);
    this.#base = this.#at(next);
    for (let i = 0; i < grown.length; i++) grown[i] = grown[i]! + this.#base[i]!;
    this.#state = { step, size: next, image: grown };
  }

  /** Value and gradient of the whole image, tile by tile. */
  async #gradient(
    image: Float32Array,
    [height, width]: Size,
    random: ReturnType<typeof chance>,
  ): Promise<{ value: number; gradient: Float32Array }> {
    const channels = this.#goals.network.input.shape[0];
    const tile = await this.#tile([height, width]);
    const evaluate = await this.#program(tile);
    const [top, left] = [random.below(height), random.below(width)];
    const rows = starts(height, tile[0]);
    const columns = starts(width, tile[1]);
    const gradient = new Float32Array(image.length);
    const patch = new Float32Array(channels * tile[0] * tile[1]);
    const covered = { rows: cover(rows, tile[0], height), columns: cover(columns, tile[1], width) };
    let value = 0;
    for (const row of rows) {
      for (const column of columns) {
        // The image goes on at its other side: tiles lie on a torus.
        const each = (visit: (from: number, to: number, y: number, x: number) => void): void => {
          for (let c = 0; c < channels; c++) {
            for (let y = 0; y < tile[0]; y++) {
              const sourceRow = (c * height + ((row + y + top) % height)) * width;
              for (let x = 0; x < tile[1]; x++) {
                visit(
                  sourceRow + ((column + x + left) % width),
                  (c * tile[0] + y) * tile[1] + x,
                  row + y,
                  column + x,
                );
              }
            }
          }
        };
        each((from, to) => (patch[to] = image[from]!));
        const found = await evaluate(patch);
        value += found.values[0]! / (rows.length * columns.length);
        each((from, to, y, x) => {
          const share = covered.rows[y % height]! * covered.columns[x % width]!;
          gradient[from] = gradient[from]! + found.gradient[to]! / share;
        });
      }
    }
    return { value, gradient };
  }

  /** Size of tiles for an image: the image itself where it is small enough. */
  async #tile(size: Size): Promise<Size> {
    if (this.#fixed) return this.#fixed;
    const { tile = 256 } = this.#options;
    const wish: Size = [Math.min(size[0], tile), Math.min(size[1], tile)];
    try {
      await this.#program(wish);
      return wish;
    } catch (error) {
      // Dense layers take the network's own size only.
      if (!(error instanceof LensError) || error.code !== 'E_SHAPE') throw error;
      const [, height, width] = this.#goals.network.input.shape;
      return (this.#fixed = [height, width]);
    }
  }

  #program(size: Size): ReturnType<Goals['prepare']> {
    const key = String(size);
    let program = this.#programs.get(key);
    if (!program) {
      const { goal, reference } = this.#options;
      program = this.#goals.prepare([goal], { size, ...(reference && { reference }) });
      program.catch(() => this.#programs.delete(key));
      this.#programs = new Map([[key, program]]);
    }
    return program;
  }
}

/** Where tiles begin so that they cover an extent; spread evenly. */
function starts(extent: number, tile: number): number[] {
  const count = Math.ceil(extent / tile);
  return Array.from({ length: count }, (_, i) => Math.round((i * extent) / count));
}

/** How many tiles cover each place. */
function cover(begins: readonly number[], tile: number, extent: number): Uint16Array {
  const counts = new Uint16Array(extent);
  for (const begin of begins) {
    for (let at = begin; at < begin + tile; at++) counts[at % extent] = counts[at % extent]! + 1;
  }
  return counts;
}
