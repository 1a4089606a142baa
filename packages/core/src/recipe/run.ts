import {
  cropToInput,
  flatten,
  fromInput,
  resizeBilinear,
  toInput,
  type Pixels,
} from '@convlens/data';
import { float32, LensError, type TensorData } from '@convlens/onnx';
import { Dream, type DreamState } from '../dream/dream.js';
import { Ascent, type AscentState, type StepReport } from '../optimisation/ascent.js';
import { placeOf } from '../optimisation/goal.js';
import type { Goals } from '../optimisation/goal-program.js';
import { inputValue } from '../optimisation/parametrisation.js';
import type { AscentRecipe, DreamRecipe, Recipe } from './recipe.js';

type Tensor = TensorData<'float32'>;

/** Images that a recipe names, by what they are for. */
export interface RecipeImages {
  readonly image?: Pixels;
  readonly guide?: Pixels;
}

/** Where a run is: plain data that can be kept and continued from. */
export type RunState =
  ({ readonly kind: 'ascent' } & AscentState) | ({ readonly kind: 'dream' } & DreamState);

/** How runs are shown while they go on: time between two frames, and steps between them at most, as so many are lost with a GPU. */
export const PACE = { frameMs: 66, mostUnseen: 32 } as const;

/** A recipe that is being followed, step by step. */
export interface Run {
  /** Steps of the whole recipe. */
  readonly total: number;
  /** Steps done. */
  readonly done: number;
  /** Where it is; the arrays are the run's own, copy them to keep them. */
  readonly state: RunState;
  /** One step; further steps than the recipe has go on in the same way. */
  step(): Promise<StepReport>;
  /** Whether several steps cost less than as many single ones. */
  readonly resident: boolean;
  /**
   * Several steps, or fewer where a GPU could not go on. Where the runtime shares its GPU, nothing is read before the last.
   */
  steps(count: number): Promise<StepReport[]>;
  /** Frees what it holds on a device; it can be continued from its state. */
  dispose(): Promise<void>;
  /** The pictures as they are. */
  pictures(): Pixels[];
}

/** Images wider or higher than this are refused: a dream would not fit into memory. */
const LONGEST = 16384;

/**
 * Begins a recipe, or goes on with it.
 *
 * @param goals objectives of the network
 * @param recipe what to make
 * @param images the images that it names
 * @param state where an earlier run of the same recipe was
 * @throws LensError `E_ARGUMENT` when an image is missing, or a state is of another recipe; `E_IMAGE` for an image of
 * one pixel's width or height, or one that is transparent everywhere; what the goals throw comes with the first step
 */
export function startRun(
  goals: Goals,
  recipe: Recipe,
  images: RecipeImages,
  state?: RunState,
): Run {
  if (state && state.kind !== (recipe.technique === 'dream' ? 'dream' : 'ascent')) {
    throw new LensError('E_ARGUMENT', 'The state belongs to another technique. Start anew.');
  }
  // Before anything is shown: a recipe that asks for what is not there leaves the page as it was.
  for (const term of recipe.goals.flat()) placeOf(goals.network, term);
  return recipe.technique === 'dream'
    ? dreamRun(goals, recipe, images, state as DreamState | undefined)
    : ascentRun(goals, recipe, images, state as AscentState | undefined);
}

/** Smallest side of an image that has anything to look at. */
const LEAST = 2;

function needed(image: Pixels | undefined, what: string): Pixels {
  if (!image) throw new LensError('E_ARGUMENT', `The recipe needs ${what}. Choose one.`);
  const { width, height, data } = image;
  if (Math.min(width, height) < LEAST) {
    throw new LensError(
      'E_IMAGE',
      `Expected ${what} of at least ${LEAST} x ${LEAST} pixels, got ${width} x ${height}. Choose another.`,
    );
  }
  for (let i = 3; i < data.length; i += 4) if (data[i] !== 0) return image;
  throw new LensError(
    'E_IMAGE',
    `Expected ${what}, got one that is transparent everywhere. Choose another.`,
  );
}

function ascentRun(
  goals: Goals,
  recipe: AscentRecipe,
  { image, guide }: RecipeImages,
  state: AscentState | undefined,
): Run {
  const { network } = goals;
  const [channels, height, width] = network.input.shape;
  const { enlarge = 1 } = recipe;
  const size = [Math.round(height * enlarge), Math.round(width * enlarge)] as const;
  const shown = (
    pixels: Pixels,
    [rows, columns]: readonly [number, number] = [height, width],
  ): Tensor => toInput(cropToInput(pixels, rows, columns), channels, network.preprocessing);
  const start = (): Float32Array | undefined => {
    if (recipe.start === 'image') return shown(needed(image, 'an image to start from'), size).data;
    if (recipe.start === 'noise') return undefined;
    const plane = size[0] * size[1];
    return Float32Array.from({ length: channels * plane }, (_, i) =>
      inputValue(network.preprocessing, Math.floor(i / plane), 0.5),
    );
  };
  const kinds = new Set(recipe.goals.flatMap((goal) => goal.map(({ kind }) => kind)));
  const reference = kinds.has('match')
    ? shown(needed(image, 'an image to rebuild'))
    : kinds.has('guide')
      ? shown(needed(guide ?? image, 'an image to be guided by'))
      : undefined;
  const {
    pictures = recipe.goals.length,
    transforms,
    views,
    penalties,
    corrections,
    decay,
  } = recipe;
  const from = start();
  const ascent = new Ascent(
    goals,
    {
      goals: Array.from({ length: pictures }, (_, i) => recipe.goals[i % recipe.goals.length]!),
      parametrisation: recipe.parametrisation,
      size,
      optimiser: recipe.optimiser,
      seed: recipe.seed,
      ...(recipe.schedule && { schedule: recipe.schedule }),
      ...(transforms && { transforms }),
      ...(views && { views }),
      ...(penalties && { penalties }),
      ...(corrections && { corrections }),
      ...(decay !== undefined && { decay }),
      ...(from && { start: from }),
      ...(reference && { reference }),
    },
    state,
  );
  return {
    total: recipe.steps,
    get done() {
      return ascent.state.step;
    },
    get state() {
      return { kind: 'ascent' as const, ...ascent.state };
    },
    get resident() {
      return ascent.resident;
    },
    step: () => ascent.step(),
    steps: (count) => ascent.steps(count),
    dispose: () => ascent.dispose(),
    pictures: () =>
      ascent.state.pictures.map((_, i) => fromInput(ascent.picture(i), network.preprocessing)),
  };
}

function dreamRun(
  goals: Goals,
  recipe: DreamRecipe,
  { image, guide }: RecipeImages,
  state: DreamState | undefined,
): Run {
  const { network } = goals;
  const [channels] = network.input.shape;
  const normalised = (pixels: Pixels): Tensor =>
    toInput(flatten(pixels), channels, network.preprocessing);
  const source = normalised(fit(needed(image, 'an image that dreams'), recipe.size ?? LONGEST));
  const guided = recipe.goals[0].some(({ kind }) => kind === 'guide' || kind === 'match');
  const [, inputHeight, inputWidth] = network.input.shape;
  const reference = guided
    ? toInput(
        cropToInput(needed(guide, 'an image to be guided by'), inputHeight, inputWidth),
        channels,
        network.preprocessing,
      )
    : undefined;
  const { octaves, octaveScale, steps, rate, tile, seed } = recipe;
  const dream = new Dream(
    goals,
    {
      goal: recipe.goals[0],
      image: source,
      octaves,
      octaveScale,
      steps,
      rate,
      seed,
      ...(tile && { tile }),
      ...(reference && { reference }),
    },
    state,
  );
  return {
    total: dream.total,
    get done() {
      return dream.state.step;
    },
    get state() {
      return { kind: 'dream' as const, ...dream.state };
    },
    get resident() {
      return dream.resident;
    },
    step: () => dream.step(),
    steps: (count) => dream.steps(count),
    dispose: () => {
      dream.dispose();
      return Promise.resolve();
    },
    pictures: () => {
      const { data, shape } = dream.picture();
      return [fromInput(float32(data, shape), network.preprocessing)];
    },
  };
}

/** The image with its longer side no longer than `longest`. */
function fit(pixels: Pixels, longest: number): Pixels {
  const { width, height } = pixels;
  const factor = longest / Math.max(width, height);
  if (factor >= 1) return pixels;
  return resizeBilinear(
    flatten(pixels),
    { left: 0, top: 0, width, height },
    Math.max(1, Math.round(width * factor)),
    Math.max(1, Math.round(height * factor)),
  );
}
