import type { Network } from '@convlens/adapters';
import type { Objective } from '@convlens/autodiff';
import { yosinskiPresets } from '../optimisation/corrections.js';
import type { Transform } from '../optimisation/transforms/table.js';
import { RECIPE_VERSION, type AscentRecipe, type DreamRecipe } from './recipe.js';

/** Everything of a recipe that a preset decides. */
type Settings = Omit<AscentRecipe, 'convlens' | 'technique' | 'network' | 'goals' | 'seed'>;

/** A named way to optimise pictures. */
export interface Preset {
  readonly id: string;
  /** For people. */
  readonly title: string;
  /** One sentence: what it does, and whose it is. */
  readonly about: string;
  readonly settings: Settings;
}

const SCALES = [0.9, 0.92, 0.94, 0.96, 0.98, 1, 1.02, 1.04, 1.06, 1.08, 1.1];
/** Lucid's: a turn in most steps, none in a third of them. */
const TURNS = [...Array.from({ length: 21 }, (_, i) => i - 10), 0, 0, 0, 0, 0];

/**
 * Lucid's standard chain (`transform.py`), its lengths made for pictures of 128 pixels scaled to the side.
 *
 * @param side smaller side of the picture, in pixels
 */
export function standardTransforms(side: number): Transform[] {
  const pixels = (at128: number): number => Math.max(1, Math.round((at128 * side) / 128));
  return [
    { kind: 'pad', pixels: pixels(12) },
    { kind: 'jitter', pixels: pixels(8) },
    { kind: 'scale', factors: SCALES },
    { kind: 'rotate', degrees: TURNS },
    { kind: 'jitter', pixels: pixels(4) },
  ];
}

/** Side that pictures of small networks are made with, at least. */
const FINE_SIDE = 160;

/** For small inputs: a larger picture, of which every step shows the network some part at some size. */
function fine(side: number): Preset {
  const enlarge = Math.ceil((2 * FINE_SIDE) / side) / 2;
  return {
    id: 'fine',
    title: 'Fine',
    about: 'A larger picture than the network sees: parts of it are shown at many sizes. Slower.',
    settings: {
      start: 'noise',
      steps: 256,
      enlarge,
      parametrisation: 'fourier',
      optimiser: { kind: 'adam', rate: 0.05 },
      transforms: [
        { kind: 'pad', pixels: Math.round((side * enlarge) / 16) },
        { kind: 'rotate', degrees: TURNS },
        { kind: 'crop', from: 1, to: 0.5 },
      ],
      views: 2,
      penalties: [{ kind: 'tv', weight: 0.0005 }],
    },
  };
}

/**
 * The ways to visualise a unit or class of a network, the one to open with first.
 *
 * @param network the network
 */
export function presets(network: Pick<Network, 'input'>): readonly Preset[] {
  const side = Math.min(network.input.shape[1], network.input.shape[2]);
  const transforms = standardTransforms(side);
  const adam = { kind: 'adam', rate: 0.05 } as const;
  return [
    {
      id: 'natural',
      title: 'Natural',
      about: 'Fourier coefficients, random views and a little smoothing: the clearest pictures.',
      settings: {
        start: 'noise',
        steps: 256,
        parametrisation: 'fourier',
        optimiser: adam,
        transforms,
        penalties: [{ kind: 'tv', weight: 0.0005 }],
      },
    },
    ...(side <= 128 ? [fine(side)] : []),
    {
      id: 'lucid',
      title: 'Lucid',
      about: 'The defaults of Lucid: Fourier coefficients with independent colours, random views.',
      settings: {
        start: 'noise',
        steps: 512,
        parametrisation: 'fourier',
        optimiser: adam,
        transforms,
      },
    },
    {
      id: 'maco',
      title: 'MACO',
      about: 'The spectrum of photographs is kept, only phases move (Fel et al. 2023).',
      settings: {
        start: 'noise',
        steps: 256,
        parametrisation: 'phase',
        optimiser: { kind: 'adam', rate: 0.2 },
        transforms: [
          { kind: 'pad', pixels: Math.round(side / 16) },
          { kind: 'crop', from: 1, to: 0.8 },
        ],
        views: 4,
      },
    },
    ...yosinskiPresets.map((corrections, i) => ({
      id: `yosinski-${i + 1}`,
      title: `Yosinski ${i + 1}`,
      about: [
        'Blur, and half of the pixels cleared by norm (Yosinski et al. 2015, set 1).',
        'Strong decay, small pixels cleared (Yosinski et al. 2015, set 2).',
        'Weak decay and blur: the set of most of the paper’s figures (Yosinski et al. 2015, set 3).',
        'Only the pixels that contribute most are kept (Yosinski et al. 2015, set 4).',
      ][i]!,
      settings: {
        start: 'noise',
        steps: 256,
        parametrisation: 'pixels',
        optimiser: { kind: 'ascent', rate: [0.1, 1, 0.1, 0.3][i]! },
        corrections: { ...corrections, clip: true },
      } as const,
    })),
    {
      id: 'simonyan',
      title: 'Simonyan',
      about:
        'Pixels with an L2 penalty, from grey: the first class pictures (Simonyan et al. 2013).',
      settings: {
        start: 'grey',
        steps: 256,
        parametrisation: 'pixels',
        optimiser: { kind: 'ascent', rate: 0.05 },
        penalties: [{ kind: 'l2', weight: 0.001 }],
      },
    },
    {
      id: 'bare',
      title: 'Bare',
      about: 'Nothing but the gradient: the network is sure, and people see noise.',
      settings: {
        start: 'noise',
        steps: 128,
        parametrisation: 'pixels',
        optimiser: { kind: 'ascent', rate: 0.05 },
        corrections: { clip: true },
      },
    },
  ];
}

/**
 * A recipe that visualises a goal.
 *
 * @param network id of the network
 * @param goals one a picture
 * @param preset how
 * @param seed any whole number
 */
export function visualizeRecipe(
  network: string,
  goals: readonly Objective[],
  preset: Preset,
  seed = 1,
): AscentRecipe {
  return {
    convlens: RECIPE_VERSION,
    technique: 'visualize',
    network,
    goals,
    seed,
    ...preset.settings,
  };
}

/**
 * What a class picture is optimised for: the score, and the logarithm of the probability, so that the picture is not
 * just as good a picture of a class that looks alike. The second fades as the probability nears 1.
 *
 * @param index the class
 * @param sense 1 for the class, -1 for its opposite
 */
export function classGoal(index: number, sense: 1 | -1 = 1): Objective {
  const score = { kind: 'class', index, weight: sense } as const;
  return sense === 1 ? [score, { kind: 'probability', index, weight: 10 }] : [score];
}

/**
 * A recipe that rebuilds a class from noise through the softmax, several times from different noise (Chollet 2016).
 *
 * @param network id of the network
 * @param index the class
 * @param pictures how often
 * @param seed any whole number
 */
export function reconstructRecipe(
  network: string,
  index: number,
  pictures = 4,
  seed = 1,
): AscentRecipe {
  return {
    convlens: RECIPE_VERSION,
    technique: 'reconstruct',
    network,
    seed,
    goals: [[{ kind: 'probability', index }]],
    pictures,
    start: 'noise',
    steps: 200,
    parametrisation: 'pixels',
    optimiser: { kind: 'ascent', rate: 0.02, normalise: 'rms' },
    corrections: { clip: true },
  };
}

/**
 * A recipe for DeepDream, with the constants of the first program (Mordvintsev et al. 2015).
 *
 * @param network id of the network
 * @param goal what the image dreams of
 * @param image name of the image
 * @param seed any whole number
 */
export function dreamRecipe(
  network: string,
  goal: Objective,
  image: string,
  seed = 1,
): DreamRecipe {
  return {
    convlens: RECIPE_VERSION,
    technique: 'dream',
    network,
    image,
    seed,
    goals: [goal],
    steps: 10,
    octaves: 4,
    octaveScale: 1.4,
    rate: 1.5,
  };
}
