import type { Gpu, GpuProgram, GpuTensor } from '@convlens/runtime';
import type { AscentState, PictureState, StepReport } from './ascent.js';
import { VALUES } from './goal-graph.js';
import { Buffers, MOST_UNREAD, readBuffers, writeNumbers } from './gpu/buffers.js';
import { prepareStep, REPORT, type GpuStep } from './gpu/step.js';
import { reachOf, type GpuViews } from './gpu/views.js';
import { onGpu } from './off-gpu.js';
import { correctedRate } from './optimisers/table.js';
import { parametrisations } from './parametrisations.js';
import type { AscentPlan } from './plan.js';
import type { View } from './view.js';

/** How far samples of a view may lie from where a pixel is looked for; the work grows with the square. */
const FARTHEST = 4;

/** What steps need on the device. */
interface Made {
  readonly step: GpuStep;
  readonly run: GpuProgram['run'];
  readonly gradient: string;
  /** What the network is fed besides images. */
  readonly feeds: Readonly<Record<string, GpuTensor>>;
  readonly dispose: () => void;
}

/**
 * Steps of an ascent whose numbers stay on the GPU: pictures, moments and gradients are never read, but after the
 * last of some steps. It computes what `Ascent` does, in float32.
 */
export class ResidentAscent {
  readonly #plan: AscentPlan;
  readonly #gpu: Gpu;
  #made: Promise<Made> | undefined;
  /** The state that the numbers on the device are. */
  #at: AscentState | undefined;

  private constructor(plan: AscentPlan, gpu: Gpu) {
    this.#plan = plan;
    this.#gpu = gpu;
  }

  /**
   * Undefined where the runtime shares no GPU, or where the plan says why its steps are not on one.
   *
   * @param plan what the steps are
   */
  static of(plan: AscentPlan): ResidentAscent | undefined {
    const { gpu } = plan.goals.executor;
    return gpu && plan.offGpu === undefined ? new ResidentAscent(plan, gpu) : undefined;
  }

  /**
   * Steps, as many as are asked for.
   *
   * @param state where the run is
   * @param count how many
   * @returns where it is then, with what every step found; undefined where a picture has no gradient, an objective is not finite
   * or a view enlarges too much, which is for `Ascent` to settle: nothing has been changed then
   */
  async steps(
    state: AscentState,
    count: number,
  ): Promise<{ readonly state: AscentState; readonly reports: StepReport[] } | undefined> {
    const looks = Array.from({ length: count }, (_, i) => this.#plan.views(state.step + i));
    if (looks.some((views) => !views.every(isDrawable))) return undefined;
    const made = await (this.#made ??= this.#prepare(looks[0]!));
    let done: { readonly state: AscentState; readonly reports: StepReport[] } | undefined = {
      state,
      reports: [],
    };
    for (let first = 0; first < count; first += MOST_UNREAD) {
      const before = this.#at;
      this.#at = undefined;
      if (before !== done.state) this.#load(made.step, done.state);
      const next = await this.#run(made, done.state, looks.slice(first, first + MOST_UNREAD));
      if (!next) return undefined;
      this.#at = next.state;
      done = { state: next.state, reports: [...done.reports, ...next.reports] };
    }
    return done;
  }

  /** Steps whose reports are read at their end. */
  async #run(
    { step, run, gradient, feeds }: Made,
    state: AscentState,
    looks: readonly (readonly View[])[],
  ): Promise<{ readonly state: AscentState; readonly reports: StepReport[] } | undefined> {
    const { pictures } = state;
    const { channels } = this.#plan.canvas;
    const shape = [looks[0]!.length, channels, ...this.#plan.sampling.input];
    const { name } = this.#plan.goals.network.input;
    for (const [i, views] of looks.entries()) {
      const steps = pictures[0]!.memory.steps + i + 1;
      const rate = correctedRate(this.#plan.optimiserAt(state.step + i), steps);
      step.look(rate, i, views);
      const outputs = await run({ ...feeds, [name]: { buffer: step.input, shape } });
      step.move(outputs[VALUES]!.buffer, outputs[gradient]!.buffer);
      for (const output of Object.values(outputs)) output.free();
    }
    const { parameters, moments } = step.numbers;
    const length = pictures[0]!.parameters.length;
    const [reports, ...numbers] = await this.#gpu.wait(() =>
      readBuffers(this.#gpu.device, [
        [step.reports, looks.length * pictures.length * REPORT],
        ...[parameters, ...moments].map((buffer) => [buffer, pictures.length * length] as const),
      ]),
    );
    const told = looks.map((_, i): StepReport & { readonly usual: boolean } => {
      const of = (which: number): Float32Array =>
        Float32Array.from(
          pictures,
          (_, k) => reports![REPORT * (i * pictures.length + k) + which]!,
        );
      const [values, totals, magnitudes] = [of(0), of(1), of(2)];
      const usual = totals.every(Number.isFinite) && magnitudes.every((size) => size > 0);
      return { step: state.step + i, values, totals, usual };
    });
    if (!told.every(({ usual }) => usual)) return undefined;
    const [now, first, second] = numbers;
    const part = (all: Float32Array | undefined, i: number): Float32Array =>
      all ? all.slice(i * length, (i + 1) * length) : new Float32Array();
    const next = pictures.map(({ memory }, i): PictureState => ({
      parameters: part(now, i),
      memory: {
        first: part(first, i),
        second: part(second, i),
        steps: memory.steps + looks.length,
      },
    }));
    return {
      state: { step: state.step + looks.length, pictures: next },
      reports: told.map(({ usual: _, ...report }) => report),
    };
  }

  /** Frees what it holds. Its program is kept with the objectives. */
  async dispose(): Promise<void> {
    this.#at = undefined;
    const made = await this.#made?.catch(() => undefined);
    this.#made = undefined;
    made?.dispose();
  }

  #viewsOf([view]: readonly View[]): GpuViews | undefined {
    const { transforms = [], views = 1 } = this.#plan.options;
    const { image, input } = this.#plan.sampling;
    const same = image[0] === input[0] && image[1] === input[1];
    if (transforms.length === 0 && views === 1 && same) return undefined;
    return {
      views,
      beyond: view!.beyond === 'wrap' ? 0 : view!.beyond,
    };
  }

  async #prepare(looks: readonly View[]): Promise<Made> {
    const { options, each, canvas } = this.#plan;
    const { goals, reference, penalties = [], optimiser } = options;
    const { device } = this.#gpu;
    const found = await this.#plan.goals.onGpu(each, reference ? { reference } : {});
    const computed = {
      parametrisation: onGpu(parametrisations[options.parametrisation].gpu(canvas, options)),
      penalties,
      optimiser,
      pictures: goals.length,
      views: this.#viewsOf(looks),
    };
    const step = await this.#gpu.wait(() =>
      prepareStep(device, canvas, this.#plan.sampling, computed, MOST_UNREAD),
    );
    const buffers = new Buffers(device);
    const feeds = Object.fromEntries(
      Object.entries(found.feeds).map(([name, { data, shape }]) => [
        name,
        { buffer: buffers.holding(data), shape },
      ]),
    );
    const dispose = (): void => {
      step.dispose();
      buffers.destroy();
    };
    return { step, run: found.run, gradient: found.gradient, feeds, dispose };
  }

  /** Puts a state on the device. */
  #load({ numbers }: GpuStep, { pictures }: AscentState): void {
    const { device } = this.#gpu;
    const put = (buffer: GPUBuffer, of: (picture: PictureState) => Float32Array): void => {
      const { length } = pictures[0]!.parameters;
      for (const [i, picture] of pictures.entries()) {
        const values = of(picture);
        // Moments are empty before the first step.
        const all = values.length === length ? values : new Float32Array(length);
        writeNumbers(device, buffer, all, i * length);
      }
    };
    put(numbers.parameters, ({ parameters }) => parameters);
    const [first, second] = numbers.moments;
    if (first) put(first, ({ memory }) => memory.first);
    if (second) put(second, ({ memory }) => memory.second);
  }
}

function isDrawable(view: View): boolean {
  return reachOf(view) <= FARTHEST;
}
