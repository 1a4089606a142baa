import type { Gpu, GpuProgram, GpuTensor } from '@convlens/runtime';
import type { StepReport } from '../optimisation/ascent.js';
import { VALUES } from '../optimisation/goal-graph.js';
import type { Goals } from '../optimisation/goal-program.js';
import {
  Buffers,
  clear,
  MOST_UNREAD,
  readBuffers,
  writeNumbers,
} from '../optimisation/gpu/buffers.js';
import { compile, compileAll, groupsFor, submit, type Kernel } from '../optimisation/gpu/kernel.js';
import { PARTS } from '../optimisation/gpu/sums.js';
import {
  DREAM_REPORT,
  dreamKernels,
  TILE_NUMBERS,
  tileNumbers,
  type DreamKernels,
  type TileNumbers,
} from '../optimisation/gpu/dream.js';
import { inputValue } from '../optimisation/parametrisation.js';
import { viewRandom } from '../optimisation/view.js';
import type { DreamOptions, DreamState } from './dream.js';
import { cutTiles, rollOf, tileFor, type Size, type Tiles } from './tiles.js';

/** What steps on images of one size need on the device. */
interface Made {
  readonly size: Size;
  readonly tile: Size;
  readonly cut: Tiles;
  readonly run: GpuProgram['run'];
  readonly gradient: string;
  readonly feeds: Readonly<Record<string, GpuTensor>>;
  readonly kernels: Readonly<Record<Exclude<keyof DreamKernels, 'size'>, Kernel>>;
  readonly sum: Kernel;
  readonly buffers: Buffers;
  readonly image: GPUBuffer;
  readonly patch: GPUBuffer;
  readonly numbers: GPUBuffer;
  readonly imageGradient: GPUBuffer;
  readonly parts: GPUBuffer;
  readonly rows: GPUBuffer;
  readonly columns: GPUBuffer;
  readonly reports: GPUBuffer;
}

/** Steps of a dream whose image stays on the GPU: neither it nor its gradient is read, but after the last of some steps. */
export class ResidentDream {
  readonly #goals: Goals;
  readonly #gpu: Gpu;
  readonly #options: DreamOptions;
  #made: Made | undefined;
  /** The state that the image on the device is. */
  #at: DreamState | undefined;

  /**
   * @param goals objectives of the network
   * @param gpu of its runtime
   * @param options image and how it dreams
   */
  constructor(goals: Goals, gpu: Gpu, options: DreamOptions) {
    this.#goals = goals;
    this.#gpu = gpu;
    this.#options = options;
  }

  /**
   * Steps on one size.
   *
   * @param state where the run is
   * @param count how many, none of which changes the size
   * @param stepLength mean change of a pixel in a step, in the network's own numbers
   * @returns where it is then, with what every step found; undefined where the image has no gradient, a value is not finite or the
   * image is too large for the device: nothing has been changed then
   */
  async steps(
    state: DreamState,
    count: number,
    stepLength: number,
  ): Promise<{ readonly state: DreamState; readonly reports: StepReport[] } | undefined> {
    const { maxStorageBufferBindingSize, maxBufferSize } = this.#gpu.device.limits;
    const { length } = state.image;
    if (4 * length > Math.min(maxStorageBufferBindingSize, maxBufferSize)) return undefined;
    let now = state;
    const reports: StepReport[] = [];
    while (reports.length < count) {
      const made = await this.#ready(now.size);
      if (this.#at !== now) writeNumbers(this.#gpu.device, made.image, now.image);
      this.#at = undefined;
      const next = await this.#run(
        made,
        now,
        Math.min(MOST_UNREAD, count - reports.length),
        stepLength,
      );
      if (!next) return undefined;
      now = this.#at = next.state;
      reports.push(...next.reports);
    }
    return { state: now, reports };
  }

  async #run(
    made: Made,
    state: DreamState,
    count: number,
    stepLength: number,
  ): Promise<{ readonly state: DreamState; readonly reports: StepReport[] } | undefined> {
    const { device } = this.#gpu;
    clear(device, made.reports);
    for (let i = 0; i < count; i++) await this.#step(made, state.step + i, i, stepLength);
    const [reports, image] = await this.#gpu.wait(() =>
      readBuffers(device, [
        [made.reports, count * DREAM_REPORT],
        [made.image, state.image.length],
      ]),
    );
    const told = Array.from({ length: count }, (_, i): StepReport => {
      const values = reports!.slice(DREAM_REPORT * i, DREAM_REPORT * i + 1);
      return { step: state.step + i, values, totals: values };
    });
    const usual = reports!.every((number, i) =>
      i % DREAM_REPORT === 0 ? Number.isFinite(number) : number > 0 && Number.isFinite(number),
    );
    if (!usual) return undefined;
    return {
      state: { step: state.step + count, size: state.size, image: image! },
      reports: told,
    };
  }

  async #step(made: Made, step: number, index: number, stepLength: number): Promise<void> {
    const { device } = this.#gpu;
    const { size, tile, cut, kernels, numbers, image, imageGradient } = made;
    const { network } = this.#goals;
    const [channels] = network.input.shape;
    const length = channels * size[0] * size[1];
    const [top, left] = rollOf(size, viewRandom(this.#options.seed, step, 0));
    clear(device, imageGradient);
    const of = (row: number, column: number): TileNumbers => ({
      size,
      tile,
      at: [(row + top) % size[0], (column + left) % size[1]],
      rolled: [(size[0] - top) % size[0], (size[1] - left) % size[1]],
      share: 1 / (cut.rows.length * cut.columns.length),
      index,
      length: stepLength * length,
    });
    const covered = [groupsFor(Math.min(size[1], tile[1])), Math.min(size[0], tile[0])] as const;
    for (const row of cut.rows) {
      for (const column of cut.columns) {
        writeNumbers(device, numbers, tileNumbers(of(row, column)));
        submit(device, [
          kernels.cut.bind([image, numbers, made.patch], [groupsFor(tile[1]), tile[0]]),
        ]);
        const shape = [1, channels, ...tile];
        const outputs = await made.run({
          ...made.feeds,
          [network.input.name]: { buffer: made.patch, shape },
        });
        const [gradient, values] = [outputs[made.gradient]!, outputs[VALUES]!];
        const bound = [gradient.buffer, values.buffer, numbers, made.rows, made.columns];
        submit(device, [kernels.add.bind([...bound, imageGradient, made.reports], covered)]);
        for (const output of Object.values(outputs)) output.free();
      }
    }
    submit(device, [
      made.sum.bind([imageGradient, made.parts], [PARTS, 1]),
      kernels.move.bind(
        [imageGradient, made.parts, numbers, image, made.reports],
        [groupsFor(size[1]), size[0]],
      ),
    ]);
  }

  /** Makes ready what images of a size need. */
  async #ready(size: Size): Promise<Made> {
    if (this.#made && String(this.#made.size) === String(size)) return this.#made;
    this.#free();
    const { device } = this.#gpu;
    const { goal, reference, tile: side } = this.#options;
    const { network } = this.#goals;
    const { input, preprocessing } = network;
    const [channels] = input.shape;
    const { tile, made } = await tileFor(size, network, side, (wish) =>
      this.#goals.onGpu([goal], { size: wish, ...(reference && { reference }) }),
    );
    const kernels = dreamKernels(
      Array.from({ length: channels }, (_, c) => [
        inputValue(preprocessing, c, 0),
        inputValue(preprocessing, c, 1),
      ]),
    );
    const length = channels * size[0] * size[1];
    const [compiled, sum] = await this.#gpu.wait(() =>
      Promise.all([
        compileAll(device, { cut: kernels.cut, add: kernels.add, move: kernels.move }),
        compile(device, kernels.size(length)),
      ]),
    );
    const buffers = new Buffers(device);
    const cut = cutTiles(size, tile);
    const feeds = Object.entries(made.feeds).map(([name, { data, shape }]) => [
      name,
      { buffer: buffers.holding(data), shape },
    ]);
    this.#made = {
      size,
      tile,
      cut,
      run: made.run,
      gradient: made.gradient,
      feeds: Object.fromEntries(feeds) as Record<string, GpuTensor>,
      kernels: compiled,
      sum,
      buffers,
      image: buffers.room(length),
      patch: buffers.room(channels * tile[0] * tile[1]),
      numbers: buffers.room(TILE_NUMBERS),
      imageGradient: buffers.room(length),
      parts: buffers.room(PARTS),
      rows: buffers.holding(Float32Array.from(cut.covered.rows)),
      columns: buffers.holding(Float32Array.from(cut.covered.columns)),
      reports: buffers.room(MOST_UNREAD * DREAM_REPORT),
    };
    return this.#made;
  }

  #free(): void {
    this.#made?.buffers.destroy();
    this.#made = undefined;
    this.#at = undefined;
  }

  /** Frees what it holds. Its program is kept with the objectives. */
  dispose(): void {
    this.#free();
  }
}
