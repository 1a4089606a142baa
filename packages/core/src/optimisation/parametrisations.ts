import {
  fourierParametrisation,
  naturalMagnitude,
  phaseParametrisation,
  spectrumScale,
  type NaturalSpectrum,
} from './fourier.js';
import type { OffGpu } from './off-gpu.js';
import type { Canvas, Parametrisation } from './parametrisation.js';
import { pixelParametrisation } from './pixels.js';

/** The schemas of all parametrisations, apart from their rows: checks and controls need no more. */
export const parametrisationParameters = {
  pixels: {},
  fourier: {
    decay: {
      kind: 'number',
      title: 'Fall of frequencies',
      about: '1 as in photographs; more is smoother',
      unit: 'none',
      fallback: 1,
      low: 0,
      high: 4,
      control: [0, 4],
    },
  },
  phase: {},
} as const;

/** What the numbers of a picture are. */
export type ParametrisationName = keyof typeof parametrisationParameters;

/** What a parametrisation is made with, besides its canvas. */
export interface ParametrisationOptions {
  /** How fast the scale of `fourier` falls with the frequency; 1 by default. */
  readonly decay?: number;
  /** Spectrum of `phase`. */
  readonly spectrum?: NaturalSpectrum;
}

/** A parametrisation as the GPU has it: pixels, or coefficients of the transform of `RealFft2`. */
export type ParametrisationWgsl =
  | { readonly numbers: 'pixels' }
  | {
      readonly numbers: 'coefficients' | 'phases';
      /** What coefficients are multiplied by: `[height, columns]`, of phases `[channels, height, columns]`. */
      readonly scale: Float32Array;
    };

/** A way to describe pictures by numbers. */
export interface ParametrisationKind {
  /** For people. */
  readonly title: string;
  /** Paper. */
  readonly source: string;
  /** Numbers, image and gradient. */
  make(canvas: Canvas, options: ParametrisationOptions): Parametrisation;
  /** The same for the GPU. */
  gpu(canvas: Canvas, options: ParametrisationOptions): ParametrisationWgsl | OffGpu;
}

/** All parametrisations. */
export const parametrisations: Readonly<Record<ParametrisationName, ParametrisationKind>> = {
  pixels: {
    title: 'Pixels',
    source: 'Simonyan, Vedaldi and Zisserman 2013',
    make: (canvas) => pixelParametrisation(canvas),
    gpu: () => ({ numbers: 'pixels' }),
  },
  fourier: {
    title: 'Fourier coefficients',
    source: 'Olah, Mordvintsev and Schubert 2017',
    make: (canvas, { decay }) => fourierParametrisation(canvas, decay),
    gpu: (canvas, { decay }) => ({ numbers: 'coefficients', scale: spectrumScale(canvas, decay) }),
  },
  phase: {
    title: 'Phases',
    source: 'Fel et al. 2023',
    make: (canvas, { spectrum }) => phaseParametrisation(canvas, spectrum),
    gpu: (canvas, { spectrum }) => ({
      numbers: 'phases',
      scale: naturalMagnitude(canvas, spectrum),
    }),
  },
};
