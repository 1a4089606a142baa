import type { KindOf } from '../../schema/parameter.js';
import { filled } from '../../schema/settings.js';
import type { OffGpu } from '../off-gpu.js';
import { adam, adamParameters } from './adam.js';
import { ascent, ascentParameters } from './gradient-ascent.js';
import { momentum, momentumParameters } from './momentum.js';
import type { OptimiserKind, OptimiserWgsl } from './optimiser.js';

/** The schemas of all optimisers, apart from their rows: checks and controls need no more. */
export const optimiserParameters = {
  ascent: ascentParameters,
  momentum: momentumParameters,
  adam: adamParameters,
} as const;

/** An optimiser as recipes keep it. */
export type Optimiser = KindOf<typeof optimiserParameters>;

/** All optimisers. */
export const optimisers: {
  readonly [Kind in Optimiser['kind']]: OptimiserKind<(typeof optimiserParameters)[Kind]>;
} = { ascent, momentum, adam };

/** What an optimiser remembers from step to step; plain numbers, so that a run can be kept and continued. */
export interface Memory {
  /** First moments. Empty before the first step, and where the optimiser has none. */
  readonly first: Float32Array;
  /** Second moments. */
  readonly second: Float32Array;
  /** Steps done. */
  readonly steps: number;
}

/** The memory before the first step. */
export const noMemory: Memory = {
  first: new Float32Array(),
  second: new Float32Array(),
  steps: 0,
};

/** Parts of a run with their own factor of the rate, one after the other; the last one's goes on. */
export type Schedule = readonly { readonly steps: number; readonly factor: number }[];

/** The rate of a step. */
export function rateAt({ rate }: Optimiser, schedule: Schedule = [], step: number): number {
  let end = 0;
  for (const part of schedule) {
    end += part.steps;
    if (step < end) return rate * part.factor;
  }
  return rate * (schedule.at(-1)?.factor ?? 1);
}

/**
 * The rate that an optimiser takes in its nth step.
 *
 * @param optimiser which, with the rate of the step
 * @param steps done, with this one
 */
export function correctedRate({ kind, rate }: Optimiser, steps: number): number {
  return optimisers[kind].corrected?.(rate, steps) ?? rate;
}

/**
 * One step uphill.
 *
 * @param optimiser which, with its rate
 * @param parameters float32; changed
 * @param gradient of the objective with respect to them
 * @param memory of the step before; its arrays are used on
 * @returns the memory for the next step
 */
export function advance(
  optimiser: Optimiser,
  parameters: Float32Array,
  gradient: Float32Array,
  memory: Memory,
): Memory {
  const row = optimisers[optimiser.kind] as OptimiserKind;
  const steps = memory.steps + 1;
  const room = (array: Float32Array): Float32Array =>
    array.length === parameters.length ? array : new Float32Array(parameters.length);
  const first = row.moments > 0 ? room(memory.first) : memory.first;
  const second = row.moments > 1 ? room(memory.second) : memory.second;
  const settings = filled(row.parameters, optimiser);
  const moments = [first, second].slice(0, row.moments);
  row.step(settings, correctedRate(optimiser, steps), parameters, gradient, moments);
  return { first, second, steps };
}

/**
 * An optimiser in WGSL, or why it is not on the GPU.
 *
 * @param optimiser which
 */
export function optimiserWgsl(optimiser: Optimiser): OptimiserWgsl | OffGpu {
  const row = optimisers[optimiser.kind] as OptimiserKind;
  return row.gpu(filled(row.parameters, optimiser));
}
