import { resizePlanes } from '@convlens/data';
import { LensError, type TensorData } from '@convlens/onnx';
import type { StepReport } from '../optimisation/ascent.js';
import type { Objective } from '@convlens/autodiff';
import type { Goals } from '../optimisation/goal-program.js';
import { inputUnit, inputValue } from '../optimisation/parametrisation.js';
import { viewRandom } from '../optimisation/view.js';
import { ResidentDream } from './resident-dream.js';
import { cutTiles, rollOf, tileFor, type Size } from './tiles.js';

type Tensor = TensorData<'float32'>;
type Prepared = Promise<{
  readonly tile: Size;
  readonly made: Awaited<ReturnType<Goals['prepare']>>;
}>;

/** How an image dreams. */
export interface DreamOptions {
  readonly goal: Objective;
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
  #state: DreamState;
  #prepared: { readonly size: string; readonly made: Prepared } | undefined;
  #resident: ResidentDream | undefined;

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
    this.#state = state ?? { step: 0, size: first, image: this.#at(first).slice() };
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
      this.#state = { ...state, image: state.image.slice() };
    }
    const { gpu } = goals.executor;
    if (gpu) this.#resident = new ResidentDream(goals, gpu, options);
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

  /** Whether several steps cost less than as many single ones: the image stays on the device in between. */
  get resident(): boolean {
    return this.#resident !== undefined;
  }

  /**
   * Several steps. Where the runtime shares its GPU, nothing is read before the last of them, or of those of one size. When
   * the GPU cannot go on, one step is done without it, so that whoever counted on many fast ones can look up.
   *
   * @param count how many, at most
   * @returns what each step that was done found
   * @throws LensError as `step`
   */
  async steps(count: number): Promise<StepReport[]> {
    const reports: StepReport[] = [];
    while (reports.length < count) {
      const left = count - reports.length;
      if (!this.#resident) {
        reports.push(await this.step());
        continue;
      }
      const risen = this.#risen();
      // Those that are left on this size; on the last one all.
      const here = risen.step < this.total ? this.#each - (risen.step % this.#each) : left;
      const done = await this.#resident
        .steps(risen, Math.min(here, left), this.#length)
        .catch((error: unknown) => {
          if (error instanceof LensError && error.code !== 'E_BACKEND_LOST') return undefined;
          throw error;
        });
      if (done) {
        this.#state = done.state;
        reports.push(...done.reports);
        continue;
      }
      // Whatever it could not do, single steps can, or say what is wrong.
      this.#resident.dispose();
      this.#resident = undefined;
      reports.push(await this.step());
      break;
    }
    return reports;
  }

  /** Frees what the run holds on its device; it can be continued from its state. */
  dispose(): void {
    this.#resident?.dispose();
  }

  /** Mean change of a pixel in a step, in the network's own numbers: an image's deviation is 0.226 of its range. */
  get #length(): number {
    const { rate = 1.5 } = this.#options;
    return (rate / 255 / 0.226) * inputUnit(this.#goals.network.preprocessing);
  }

  /**
   * One step, on the next size when the last one is done.
   *
   * @throws LensError `E_RUN` when the objective is not finite; as the runtime does
   */
  async step(): Promise<StepReport> {
    const { step, size, image: risen } = this.#risen();
    const { seed } = this.#options;
    const { network } = this.#goals;
    const [channels] = network.input.shape;
    const image = risen.slice();
    const { value, gradient } = await this.#gradient(image, size, viewRandom(seed, step, 0));
    let sum = 0;
    for (const one of gradient) sum += Math.abs(one);
    if (!Number.isFinite(value) || !Number.isFinite(sum)) {
      throw new LensError(
        'E_RUN',
        `The objective is not finite at step ${step}. Lower the rate, or choose another layer.`,
      );
    }
    const factor = sum === 0 ? 0 : (this.#length * gradient.length) / sum;
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

  /** The state that the next step begins with: on the next size, when it is time, with what was dreamt as detail. */
  #risen(): DreamState {
    const { step, size, image } = this.#state;
    const next = this.#sizes[Math.min(Math.floor(step / this.#each), this.#sizes.length - 1)]!;
    if (next[0] === size[0] && next[1] === size[1]) return this.#state;
    const [base, larger] = [this.#at(size), this.#at(next)];
    const detail = image.map((value, i) => value - base[i]!);
    const grown = resizePlanes(detail, size, next);
    for (let i = 0; i < grown.length; i++) grown[i] = grown[i]! + larger[i]!;
    return { step, size: next, image: grown };
  }

  /** Value and gradient of the whole image, tile by tile. */
  async #gradient(
    image: Float32Array,
    size: Size,
    random: ReturnType<typeof viewRandom>,
  ): Promise<{ value: number; gradient: Float32Array }> {
    const [height, width] = size;
    const channels = this.#goals.network.input.shape[0];
    const { tile, made: evaluate } = await this.#tile(size);
    const [top, left] = rollOf(size, random);
    const { rows, columns, covered } = cutTiles(size, tile);
    const gradient = new Float32Array(image.length);
    const patch = new Float32Array(channels * tile[0] * tile[1]);
    let value = 0;
    for (const row of rows) {
      for (const column of columns) {
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

  /** The program for images of a size, and the size of its tiles. */
  #tile(size: Size): Prepared {
    if (this.#prepared?.size !== String(size)) {
      const { goal, reference, tile } = this.#options;
      const made = tileFor(size, this.#goals.network, tile, (wish) =>
        this.#goals.prepare([goal], { size: wish, ...(reference && { reference }) }),
      );
      const prepared = { size: String(size), made };
      this.#prepared = prepared;
      made.catch(() => {
        if (this.#prepared === prepared) this.#prepared = undefined;
      });
    }
    return this.#prepared.made;
  }
}
