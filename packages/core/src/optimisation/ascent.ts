import { float32, LensError, type TensorData } from '@convlens/onnx';
import { correct } from './corrections.js';
import type { Evaluation, Goals } from './goal-program.js';
import { advance, noMemory, type Memory } from './optimisers/table.js';
import type { Parametrisation } from './parametrisation.js';
import { parametrisations } from './parametrisations.js';
import { penalise } from './penalties/table.js';
import { AscentPlan, type AscentOptions } from './plan.js';
import { ResidentAscent } from './resident-ascent.js';
import { sample, sampleAdjoint } from './sampling.js';

type Tensor = TensorData<'float32'>;

/** Steps in which a gradient of zero is sought again with rectifiers that let it pass (Lucid). */
const REDIRECTED_STEPS = 16;

/** One picture of a run: all that is needed to go on with it. Plain arrays, so that it can be kept. */
export interface PictureState {
  readonly parameters: Float32Array;
  readonly memory: Memory;
}

/** A run at some step. */
export interface AscentState {
  readonly step: number;
  readonly pictures: readonly PictureState[];
}

/** What a step found, before it moved the pictures. */
export interface StepReport {
  readonly step: number;
  /** What the network says, one a picture: mean over the views. */
  readonly values: Float32Array;
  /** The same with the penalties. */
  readonly totals: Float32Array;
  /** Said when something unusual was done. */
  readonly note?: string;
}

/**
 * Pictures that climb an objective: parametrisation, random views, network, penalties, optimiser. Everything random
 * depends on the seed and the number of the step only, so a run that is continued is the run that was not stopped.
 */
export class Ascent {
  readonly #plan: AscentPlan;
  readonly #parametrisation: Parametrisation;
  readonly #limits: readonly (readonly [number, number])[];
  #resident: ResidentAscent | undefined;
  #evaluate: Promise<(images: Float32Array) => Promise<Evaluation>> | undefined;
  #redirected: Promise<(images: Float32Array) => Promise<Evaluation>> | undefined;
  #state: AscentState;
  readonly #images = new WeakMap<PictureState, Float32Array>();

  /**
   * @param goals objectives of the network
   * @param options what to optimise, and how
   * @param state where an earlier run of the same options was; the start by default
   * @throws LensError `E_ARGUMENT` when a state or a start does not fit
   */
  constructor(goals: Goals, options: AscentOptions, state?: AscentState) {
    this.#plan = new AscentPlan(goals, options);
    const { canvas, sampling } = this.#plan;
    this.#limits = Array.from({ length: canvas.channels }, (_, c) => [
      sampling.grey(c, 0),
      sampling.grey(c, 1),
    ]);
    this.#parametrisation = parametrisations[options.parametrisation].make(canvas, options);
    this.#state = state ? this.#checked(state) : { step: 0, pictures: this.#start() };
    this.#resident = ResidentAscent.of(this.#plan);
  }

  #start(): PictureState[] {
    const { goals, start, seed } = this.#plan.options;
    return goals.map((_, i) => ({
      parameters: start
        ? this.#parametrisation.from(start)
        : this.#parametrisation.noise(seed, `picture ${i}`),
      memory: noMemory,
    }));
  }

  #checked(state: AscentState): AscentState {
    const { length } = this.#parametrisation;
    const { goals } = this.#plan.options;
    if (
      state.pictures.length !== goals.length ||
      state.pictures.some(({ parameters }) => parameters.length !== length)
    ) {
      throw new LensError(
        'E_ARGUMENT',
        `Expected a state of ${goals.length} pictures of ${length} numbers, got one of another run. Start anew.`,
      );
    }
    const copy = ({ first, second, steps }: Memory): Memory => ({
      first: first.slice(),
      second: second.slice(),
      steps,
    });
    return {
      step: state.step,
      pictures: state.pictures.map(({ parameters, memory }) => ({
        parameters: parameters.slice(),
        memory: copy(memory),
      })),
    };
  }

  /** Where the run is; the arrays are the run's own, copy them to keep them. */
  get state(): AscentState {
    return this.#state;
  }

  /**
   * A picture as the network is fed it, without random views.
   *
   * @param index which
   * @returns float32 `[1, C, H, W]`
   */
  picture(index = 0): Tensor {
    const { channels, height, width } = this.#plan.canvas;
    return float32(this.#image(this.#state.pictures[index]!).slice(), [1, channels, height, width]);
  }

  /** The image of a picture: made once for each state, for who looks at it and for the next step. */
  #image(picture: PictureState): Float32Array {
    let image = this.#images.get(picture);
    if (!image) {
      const { channels, height, width } = this.#plan.canvas;
      image = new Float32Array(channels * height * width);
      this.#parametrisation.image(picture.parameters, image);
      this.#images.set(picture, image);
    }
    return image;
  }

  /**
   * One step of all pictures.
   *
   * @throws LensError `E_RUN` when the objective is not finite; as the runtime does
   */
  async step(): Promise<StepReport> {
    return this.#step(true);
  }

  /** Whether several steps cost less than as many single ones: their numbers stay on the device in between. */
  get resident(): boolean {
    return this.#resident !== undefined;
  }

  /**
   * Several steps of all pictures. Where the runtime shares its GPU, nothing is read before the last. When the GPU cannot go
   * on, one step is done without it, so that whoever counted on many fast ones can look up.
   *
   * @param count how many, at most
   * @returns what each step that was done found
   * @throws LensError as `step`
   */
  async steps(count: number): Promise<StepReport[]> {
    const resident = this.#resident;
    if (resident && count > 0) {
      const done = await resident.steps(this.#state, count).catch((error: unknown) => {
        if (error instanceof LensError && error.code !== 'E_BACKEND_LOST') return undefined;
        throw error;
      });
      if (done) {
        this.#state = done.state;
        return done.reports;
      }
      // Whatever it could not do, single steps can, or say what is wrong.
      this.#resident = undefined;
      await resident.dispose();
      return [await this.step()];
    }
    const reports: StepReport[] = [];
    for (let i = 0; i < count; i++) reports.push(await this.step());
    return reports;
  }

  /** Frees what the run holds on its device; it can be continued from its state. */
  async dispose(): Promise<void> {
    await this.#resident?.dispose();
  }

  /** What a step would find, without moving. */
  async measure(): Promise<StepReport> {
    return this.#step(false);
  }

  async #step(move: boolean): Promise<StepReport> {
    const { goals, views = 1, penalties = [] } = this.#plan.options;
    const { step, pictures } = this.#state;
    const { channels, height, width, unit } = this.#plan.canvas;
    const { input } = this.#plan.sampling;
    const length = channels * input[0] * input[1];
    const images = pictures.map((picture) => this.#image(picture));
    const looks = this.#plan.views(step);
    const batch = new Float32Array(pictures.length * views * length);
    for (const [i, image] of images.entries()) {
      for (let v = 0; v < views; v++) {
        const at = i * views + v;
        sample(image, looks[at]!, this.#plan.sampling, batch, at * length);
      }
    }
    const found = await this.#run(batch, step);
    const values = new Float32Array(goals.length);
    const totals = new Float32Array(goals.length);
    const next: PictureState[] = [];
    for (const [i, image] of images.entries()) {
      const gradient = new Float32Array(image.length);
      for (let v = 0; v < views; v++) {
        const at = i * views + v;
        values[i] = values[i]! + found.values[at]! / views;
        sampleAdjoint(
          found.gradient,
          looks[at]!,
          this.#plan.sampling,
          gradient,
          1 / views,
          at * length,
        );
      }
      totals[i] = values[i]!;
      for (const penalty of penalties) {
        const picture = { image, extents: { channels, height, width }, unit };
        totals[i] = totals[i] - penalise(penalty, picture, gradient);
      }
      if (!Number.isFinite(totals[i])) {
        throw new LensError(
          'E_RUN',
          `The objective is not finite at step ${step}: the picture has left what the network can compute. ` +
            'Lower the rate, or start anew.',
        );
      }
      if (move) next.push(this.#move(pictures[i]!, image, gradient, step));
    }
    if (move) this.#state = { step: step + 1, pictures: next };
    return { step, values, totals, ...(found.note === undefined ? {} : { note: found.note }) };
  }

  #move(
    { parameters, memory }: PictureState,
    image: Float32Array,
    gradient: Float32Array,
    step: number,
  ): PictureState {
    const { corrections } = this.#plan.options;
    // The pull-back may use the gradient up; the contributions of pixels are measured on it afterwards.
    const own = corrections?.smallContribution ? gradient.slice() : gradient;
    const parameterGradient = new Float32Array(parameters.length);
    this.#parametrisation.pullback(gradient, parameters, image, parameterGradient);
    const optimiser = this.#plan.optimiserAt(step);
    const remembered = advance(optimiser, parameters, parameterGradient, memory);
    if (!corrections) return { parameters, memory: remembered };
    const { channels, height, width } = this.#plan.canvas;
    const moved = new Float32Array(channels * height * width);
    this.#parametrisation.image(parameters, moved);
    correct(corrections, moved, { channels, height, width }, own, step, this.#limits);
    return { parameters: this.#parametrisation.from(moved), memory: remembered };
  }

  async #run(batch: Float32Array, step: number): Promise<Evaluation & { readonly note?: string }> {
    const { goals, reference } = this.#plan.options;
    const { each } = this.#plan;
    const options = reference ? { reference } : {};
    this.#evaluate ??= this.#plan.goals.prepare(each, options);
    const found = await (await this.#evaluate)(batch);
    if (step >= REDIRECTED_STEPS) return found;
    // A picture sleeps when none of its views has a gradient; the others of the batch go on as they are.
    const own = found.gradient.length / goals.length;
    const gradientOf = (i: number, of = found): Float32Array =>
      of.gradient.subarray(i * own, (i + 1) * own);
    const asleep = goals.map((_, i) => i).filter((i) => isZero(gradientOf(i)));
    if (asleep.length === 0) return found;
    this.#redirected ??= this.#plan.goals.prepare(each, { ...options, rule: 'redirected' });
    const redirected = await (await this.#redirected)(batch);
    for (const i of asleep) gradientOf(i).set(gradientOf(i, redirected));
    return {
      ...found,
      note: asleep.some((i) => isZero(gradientOf(i)))
        ? 'The gradient is zero: nothing in this picture moves the unit, even past its rectifiers.'
        : 'The gradient was zero, so its way past the rectifiers was opened for this step.',
    };
  }
}

function isZero(values: Float32Array): boolean {
  return values.every((value) => value === 0);
}
