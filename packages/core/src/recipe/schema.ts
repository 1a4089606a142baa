import {
  parametrisationParameters,
  type ParametrisationName,
} from '../optimisation/parametrisations.js';

const parametrisationNames = Object.keys(parametrisationParameters) as [
  ParametrisationName,
  ...ParametrisationName[],
];

const steps = {
  kind: 'number',
  title: 'Steps',
  about: 'how often the picture is moved',
  unit: 'count',
  required: true,
  fallback: 256,
  low: 1,
  high: 100_000,
  control: [1, 10_000],
} as const;

/** What a recipe for an ascent says besides goals, penalties and other rows of tables. */
export const ascentRecipeParameters = {
  start: { kind: 'choice', title: 'From', required: true, words: ['noise', 'grey', 'image'] },
  steps,
  pictures: {
    kind: 'number',
    title: 'Pictures',
    about: 'each from noise of its own',
    unit: 'count',
    fallback: 1,
    low: 1,
    high: 64,
    control: [1, 16],
  },
  enlarge: {
    kind: 'number',
    title: 'Size',
    about: 'in sizes of the network’s input',
    unit: 'none',
    fallback: 1,
    low: 1,
    high: 8,
  },
  views: {
    kind: 'number',
    title: 'Views',
    about: 'random views of the picture in one step',
    unit: 'count',
    fallback: 1,
    low: 1,
    high: 64,
    control: [1, 32],
  },
  parametrisation: {
    kind: 'choice',
    title: 'Numbers',
    required: true,
    words: parametrisationNames,
  },
  ...parametrisationParameters.pixels,
  ...parametrisationParameters.fourier,
  ...parametrisationParameters.phase,
} as const;

/** What a recipe for a dream says besides its goal. */
export const dreamRecipeParameters = {
  steps: {
    ...steps,
    title: 'Steps on each size',
    about: '10 in the first program',
    fallback: 10,
    control: [1, 1000],
  },
  octaves: {
    kind: 'number',
    title: 'Octaves',
    about: 'sizes that are dreamt on, small to large',
    unit: 'count',
    required: true,
    fallback: 4,
    low: 1,
    high: 20,
    control: [1, 12],
  },
  octaveScale: {
    kind: 'number',
    title: 'Octave scale',
    about: 'ratio of one size to the next',
    unit: 'none',
    required: true,
    fallback: 1.4,
    low: 1.01,
    high: 4,
    control: [1.05, 3],
  },
  rate: {
    kind: 'number',
    title: 'Rate',
    about: 'grey levels of 255 a step, in the mean',
    unit: 'none',
    required: true,
    fallback: 1.5,
    low: 0.001,
    high: 100,
    control: [0.01, 20],
  },
  size: {
    kind: 'number',
    title: 'Longer side',
    about: 'pixels; larger images are reduced to it',
    unit: 'count',
    fallback: 512,
    low: 16,
    high: 16_384,
    control: [32, 8192],
  },
  tile: { kind: 'number', title: 'Tile', unit: 'count', fallback: 256, low: 32, high: 2048 },
} as const;
