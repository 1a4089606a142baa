import { float32, inferShapes, type Graph, type TensorData } from '@convlens/onnx';
import type { Executor, Held, HoldingProgram } from '../executor.js';
import type { AscentOptions, AscentState, PictureState, StepReport } from './ascent.js';
import type { Goals } from './goal-program.js';
import { ADAM, rateAt } from './optimisers.js';
import type { Canvas } from './parametrisation.js';
import { FEED, residentGraph, STEP, type ResidentViews } from './resident-graph.js';
import { taps, type Sampling } from './sampling.js';
import { chance, drawView, type Transform, type View } from './transforms.js';
import { viewNumbers } from './view-graph.js';

type Tensor = TensorData<'float32'>;
type Runner = Executor & Required<Pick<Executor, 'prepareHolding'>>;

/** Longest side of a picture: its transform is a product of matrices of that side. */
const LONGEST = 512;
/** How far samples may lie from where a pixel is looked for; the work grows with the square. */
const FARTHEST = 4;

/** What a step leaves on the device. */
interface Numbers {
  readonly parameters: Held;
  readonly first: Held | undefined;
  readonly second: Held | undefined;
}

/** How far apart samples can lie that take from one pixel, over all that a chain can draw; see `writeViewsAdjoint`. */
function reachOf(transforms: readonly Transform[], { image, input }: Sampling): number {
  let [side, spread] = [Math.min(...image), 1];
  for (const transform of transforms) {
    switch (transform.kind) {
      case 'pad':
        side += 2 * transform.pixels;
        break;
      case 'jitter':
        side -= transform.pixels;
        break;
      case 'scale':
        spread *= Math.max(...transform.factors);
        break;
      case 'rotate':
        spread *= Math.max(
          ...transform.degrees.map((degrees) => {
            const angle = (degrees * Math.PI) / 180;
            return Math.abs(Math.cos(angle)) + Math.abs(Math.sin(angle));
          }),
        );
        break;
      case 'crop':
        spread *= Math.min(...input) / (Math.min(transform.from, transform.to) * side);
        break;
      case 'roll':
        return Infinity;
    }
  }
  return Math.floor(Math.max(1, spread) + 0.5);
}

/**
 * Steps of an ascent whose numbers stay on the device: pictures, moments and gradients are never read, but after the
 * last of some steps. It computes what `Ascent` does, with the arithmetic of its runtime.
 */
export class ResidentAscent {
  readonly #goals: Goals;
  readonly #runner: Runner;
  readonly #options: AscentOptions;
  readonly #canvas: Canvas;
  readonly #sampling: Sampling;
  #views: ResidentViews | undefined;
  #made: Promise<{ program: HoldingProgram; feeds: Readonly<Record<string, Held>> }> | undefined;
  /** Where the device is, and the state that this is. */
  #at: { readonly state: AscentState; readonly numbers: Numbers } | undefined;

  private constructor(
    goals: Goals,
    runner: Runner,
    options: AscentOptions,
    canvas: Canvas,
    sampling: Sampling,
  ) {
    this.#goals = goals;
    this.#runner = runner;
    this.#options = options;
    this.#canvas = canvas;
    this.#sampling = sampling;
  }

  /**
   * Undefined where the runtime keeps nothing, or where a step is more than this can put into a graph: corrections
   * between steps, a total variation of another power, views that wrap around or reduce the picture.
   *
   * @param goals objectives of the network
   * @param options of the ascent
   * @param canvas of its pictures
   * @param sampling sizes
   */
  static of(
    goals: Goals,
    options: AscentOptions,
    canvas: Canvas,
    sampling: Sampling,
  ): ResidentAscent | undefined {
    const { executor } = goals;
    const { transforms = [], penalties = [], views = 1, corrections } = options;
    const uneven = penalties.some(
      ({ kind, ...rest }) => kind === 'tv' && 'beta' in rest && rest.beta !== 2,
    );
    if (
      !executor.prepareHolding ||
      corrections ||
      uneven ||
      Math.max(...sampling.image) > LONGEST ||
      options.goals.length * views > goals.widest ||
      reachOf(transforms, sampling) > FARTHEST
    ) {
      return undefined;
    }
    return new ResidentAscent(goals, executor as Runner, options, canvas, sampling);
  }

  /**
   * Steps, as many as are asked for.
   *
   * @param state where the run is
   * @param count how many
   * @returns where it is then, with what every step found; undefined where a picture has no gradient or a view cannot be
   * drawn here, which is for `Ascent` to settle: nothing has been changed then
   */
  async steps(
    state: AscentState,
    count: number,
  ): Promise<{ readonly state: AscentState; readonly reports: StepReport[] } | undefined> {
    const looks = Array.from({ length: count }, (_, i) => this.#draw(state.step + i));
    if (looks.some((views) => !views.every((view) => this.#isDrawable(view)))) return undefined;
    this.#views ??= this.#viewsOf(looks[0]!);
    const { program, feeds } = await (this.#made ??= this.#prepare());
    const held = new Set<Held>();
    try {
      const done = await this.#run(program, feeds, state, looks, held);
      if (!done) return undefined;
      // What stays is not freed.
      for (const kept of heldOf(done.numbers)) held.delete(kept);
      this.#at = { state: done.state, numbers: done.numbers };
      return { state: done.state, reports: done.reports };
    } finally {
      for (const each of held) each.dispose();
    }
  }

  /** The steps themselves; everything that they hold at their end is in `held`. */
  async #run(
    program: HoldingProgram,
    feeds: Readonly<Record<string, Held>>,
    state: AscentState,
    looks: readonly (readonly View[])[],
    held: Set<Held>,
  ): Promise<
    | { readonly state: AscentState; readonly reports: StepReport[]; readonly numbers: Numbers }
    | undefined
  > {
    const before = this.#at;
    this.#at = undefined;
    if (before) for (const each of heldOf(before.numbers)) held.add(each);
    let numbers = before?.state === state ? before.numbers : await this.#upload(state);
    for (const each of heldOf(numbers)) held.add(each);
    const found: Record<'values' | 'totals' | 'slopes', Held>[] = [];
    for (const [i, views] of looks.entries()) {
      const outputs = await program.run({
        ...feeds,
        ...this.#stepFeeds(state, i, views),
        ...feedsOf(numbers),
      });
      for (const each of Object.values(outputs)) held.add(each);
      for (const each of heldOf(numbers)) {
        held.delete(each);
        each.dispose();
      }
      numbers = {
        parameters: outputs[STEP.parameters]!,
        first: outputs[STEP.first],
        second: outputs[STEP.second],
      };
      found.push({
        values: outputs[STEP.values]!,
        totals: outputs[STEP.totals]!,
        slopes: outputs[STEP.slopes]!,
      });
    }
    const read = async (one: Held | undefined): Promise<Float32Array | undefined> =>
      one && ((await one.read()) as Tensor).data;
    const [parameters, first, second, ...told] = await Promise.all([
      read(numbers.parameters),
      read(numbers.first),
      read(numbers.second),
      ...found.map(async ({ values, totals, slopes }) => ({
        values: (await read(values))!,
        totals: (await read(totals))!,
        slopes: (await read(slopes))!,
      })),
    ]);
    const usual = told.every(
      ({ totals, slopes }) => totals.every(Number.isFinite) && slopes.every((slope) => slope > 0),
    );
    if (!usual) return undefined;
    const { length } = state.pictures;
    const part = (all: Float32Array | undefined, i: number): Float32Array =>
      all
        ? all.slice((i * all.length) / length, ((i + 1) * all.length) / length)
        : new Float32Array();
    const next: AscentState = {
      step: state.step + looks.length,
      pictures: state.pictures.map(({ memory }, i): PictureState => ({
        parameters: part(parameters, i),
        memory: {
          first: part(first, i),
          second: part(second, i),
          steps: memory.steps + looks.length,
        },
      })),
    };
    return {
      state: next,
      numbers,
      reports: told.map(({ values, totals }, i) => ({ step: state.step + i, values, totals })),
    };
  }

  /** Frees what it holds. Its program is kept with the objectives. */
  async dispose(): Promise<void> {
    for (const each of this.#at ? heldOf(this.#at.numbers) : []) each.dispose();
    this.#at = undefined;
    const made = await this.#made?.catch(() => undefined);
    this.#made = undefined;
    for (const held of Object.values(made?.feeds ?? {})) held.dispose();
  }

  #draw(step: number): View[] {
    const { goals, views = 1, transforms = [], seed } = this.#options;
    const { image, input } = this.#sampling;
    return Array.from({ length: goals.length * views }, (_, at) =>
      drawView(transforms, image, input, chance(seed, step, at)),
    );
  }

  #isDrawable(view: View): boolean {
    return view.beyond !== 'wrap' && taps(view) === 1;
  }

  #viewsOf([view]: readonly View[]): ResidentViews | undefined {
    const { transforms = [], views = 1 } = this.#options;
    const { image, input } = this.#sampling;
    const same = image[0] === input[0] && image[1] === input[1];
    if (transforms.length === 0 && views === 1 && same) return undefined;
    return {
      views,
      reach: reachOf(transforms, this.#sampling),
      beyond: view!.beyond === 'wrap' ? 0 : view!.beyond,
    };
  }

  async #prepare(): Promise<{ program: HoldingProgram; feeds: Readonly<Record<string, Held>> }> {
    const { goals, views: count = 1, reference } = this.#options;
    const each = goals.flatMap((goal) => Array.from({ length: count }, () => goal));
    const { parametrisation, decay, spectrum, penalties, optimiser } = this.#options;
    const options = {
      parametrisation,
      ...(decay !== undefined && { decay }),
      ...(spectrum && { spectrum }),
      ...(penalties && { penalties }),
      // The rate is fed.
      optimiser: { ...optimiser, rate: 0 },
      pictures: goals.length,
      views: this.#views,
    };
    const { input } = this.#goals.network;
    const { program, feeds } = await this.#goals.holding(
      each,
      reference ? { reference } : {},
      JSON.stringify([options, this.#canvas, this.#sampling]),
      (objective) => residentGraph(objective, input.name, this.#canvas, this.#sampling, options),
    );
    return { program, feeds: await this.#hold(feeds) };
  }

  /** Puts tensors where the runtime computes, so that they need not be sent with every step. */
  async #hold(tensors: Readonly<Record<string, Tensor>>): Promise<Record<string, Held>> {
    const names = Object.keys(tensors);
    if (names.length === 0) return {};
    const program = await this.#runner.prepareHolding(carrying(tensors));
    try {
      const held = await program.run(tensors);
      return Object.fromEntries(names.map((name) => [name, held[`${name}_held`]!]));
    } finally {
      await program.dispose();
    }
  }

  async #upload({ pictures }: AscentState): Promise<Numbers> {
    const all = (of: (picture: PictureState) => Float32Array): Tensor => {
      const length = pictures[0]!.parameters.length;
      const data = new Float32Array(pictures.length * length);
      for (const [i, picture] of pictures.entries()) {
        const own = of(picture);
        if (own.length > 0) data.set(own, i * length);
      }
      return float32(data, [pictures.length, length]);
    };
    const { kind } = this.#options.optimiser;
    const held = await this.#hold({
      [FEED.parameters]: all(({ parameters }) => parameters),
      ...(kind !== 'ascent' && { [FEED.first]: all(({ memory }) => memory.first) }),
      ...(kind === 'adam' && { [FEED.second]: all(({ memory }) => memory.second) }),
    });
    return {
      parameters: held[FEED.parameters]!,
      first: held[FEED.first],
      second: held[FEED.second],
    };
  }

  #stepFeeds(
    { step, pictures }: AscentState,
    i: number,
    looks: readonly View[],
  ): Record<string, Tensor> {
    const { optimiser, schedule } = this.#options;
    const steps = pictures[0]!.memory.steps + i + 1;
    let rate = rateAt(optimiser, schedule, step + i);
    if (optimiser.kind === 'adam') {
      rate *= Math.sqrt(1 - ADAM.second ** steps) / (1 - ADAM.first ** steps);
    }
    const feeds: Record<string, Tensor> = { [FEED.rate]: float32(Float32Array.of(rate), [1]) };
    if (!this.#views) return feeds;
    const shape = [looks.length, 2, 3];
    const numbers = looks.map(viewNumbers);
    feeds[FEED.there] = float32(Float32Array.from(numbers.flatMap(({ there }) => there)), shape);
    feeds[FEED.back] = float32(Float32Array.from(numbers.flatMap(({ back }) => back)), shape);
    return feeds;
  }
}

function feedsOf({ parameters, first, second }: Numbers): Record<string, Held> {
  return {
    [FEED.parameters]: parameters,
    ...(first && { [FEED.first]: first }),
    ...(second && { [FEED.second]: second }),
  };
}

function heldOf({ parameters, first, second }: Numbers): Held[] {
  return [parameters, first, second].filter((each) => each !== undefined);
}

/** A graph that gives what it is fed. */
function carrying(tensors: Readonly<Record<string, Tensor>>): Graph {
  const entries = Object.entries(tensors);
  return inferShapes({
    name: 'carry',
    opset: 17,
    otherOpsets: {},
    inputs: entries.map(([name, { shape }]) => ({ name, dtype: 'float32', shape })),
    outputs: entries.map(([name, { shape }]) => ({
      name: `${name}_held`,
      dtype: 'float32',
      shape,
    })),
    nodes: entries.map(([name]) => ({
      name: `${name}_held`,
      op: 'Identity',
      domain: '',
      inputs: [name],
      outputs: [`${name}_held`],
      attributes: {},
    })),
    initializers: new Map(),
    values: new Map(),
    metadata: new Map(),
    producer: 'convlens',
  });
}
