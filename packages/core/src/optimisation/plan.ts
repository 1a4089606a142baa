import type { TensorData } from '@convlens/onnx';
import { correctionsOffGpu, type Corrections } from './corrections.js';
import type { Objective } from '@convlens/autodiff';
import type { Goals } from './goal-program.js';
import { whyOffGpu } from './off-gpu.js';
import { optimiserWgsl, rateAt, type Optimiser, type Schedule } from './optimisers/table.js';
import { inputUnit, inputValue, type Canvas } from './parametrisation.js';
import {
  parametrisations,
  type ParametrisationName,
  type ParametrisationOptions,
} from './parametrisations.js';
import { penaltyWgsl, type Penalty } from './penalties/table.js';
import type { Sampling } from './sampling.js';
import { transforms, type Transform } from './transforms/table.js';
import { drawView, viewRandom, type View } from './view.js';

/** How pictures are optimised. */
export interface AscentOptions extends ParametrisationOptions {
  /** One goal a picture. */
  readonly goals: readonly Objective[];
  readonly parametrisation: ParametrisationName;
  readonly optimiser: Optimiser;
  readonly schedule?: Schedule;
  readonly transforms?: readonly Transform[];
  /** Views of a picture in one step; 1 by default. */
  readonly views?: number;
  readonly penalties?: readonly Penalty[];
  readonly corrections?: Corrections;
  readonly seed: number;
  /** `[height, width]` of the picture; the network's input by default. */
  readonly size?: readonly [number, number];
  /** One deviation of natural images in the network's input; from the preprocessing by default. */
  readonly unit?: number;
  /** Where to start: an image `[C, H, W]` of the picture's size; seeded noise by default. */
  readonly start?: Float32Array;
  /** Image whose activations are matched or guide. */
  readonly reference?: TensorData<'float32'>;
}

/** Longest side of a picture on the GPU: a line of its transform lies in the memory of a workgroup. */
const LONGEST = 512;

/** What the steps of an ascent are, for whoever computes them: `Ascent` on the processor, `ResidentAscent` on the GPU. */
export class AscentPlan {
  readonly goals: Goals;
  readonly options: AscentOptions;
  readonly canvas: Canvas;
  readonly sampling: Sampling;
  /** What each image of a run is for: the goal of its picture, once for each view. */
  readonly each: readonly Objective[];

  /**
   * @param goals objectives of the network
   * @param options what to optimise, and how
   */
  constructor(goals: Goals, options: AscentOptions) {
    const { preprocessing, input } = goals.network;
    const [channels, ...input2] = input.shape;
    const { size, unit = inputUnit(preprocessing), views = 1 } = options;
    const [height, width] = size ?? input2;
    const grey = (channel: number, value: number): number =>
      inputValue(preprocessing, channel, value);
    this.goals = goals;
    this.options = options;
    this.canvas = { channels, height, width, preprocessing, unit };
    this.sampling = { channels, image: [height, width], input: input2, grey };
    this.each = options.goals.flatMap((goal) => Array.from({ length: views }, () => goal));
  }

  /** The views of a step, one for each image of a run. */
  views(step: number): View[] {
    const { transforms = [], seed } = this.options;
    const { image, input } = this.sampling;
    return this.each.map((_, at) => drawView(transforms, image, input, viewRandom(seed, step, at)));
  }

  /** The optimiser with the rate of a step. */
  optimiserAt(step: number): Optimiser {
    const { optimiser, schedule } = this.options;
    return { ...optimiser, rate: rateAt(optimiser, schedule, step) };
  }

  /** Why its steps are left to the processor, first of all reasons; undefined where all that it takes part in is on the GPU. */
  get offGpu(): string | undefined {
    const { parametrisation, optimiser, corrections } = this.options;
    const rows = [
      parametrisations[parametrisation].gpu(this.canvas, this.options),
      optimiserWgsl(optimiser),
      ...(this.options.penalties ?? []).map(penaltyWgsl),
      ...(this.options.transforms ?? []).map(({ kind }) => transforms[kind].gpu),
      ...(corrections ? [correctionsOffGpu] : []),
    ];
    for (const row of rows) {
      const why = whyOffGpu(row);
      if (why !== undefined) return why;
    }
    if (Math.max(...this.sampling.image) > LONGEST) {
      return `a picture has more than ${LONGEST} pixels along a side`;
    }
    return this.each.length > this.goals.widest
      ? 'there are more images than a run takes'
      : undefined;
  }
}
