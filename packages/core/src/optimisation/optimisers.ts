/** How the numbers follow the gradient, uphill. */
export type Optimiser =
  /**
   * Gradient ascent: x + rate g / n. `normalise` says what n is: the root mean square of g (default), its mean
   * magnitude (DeepDream), its length, or 1.
   */
  | {
      readonly kind: 'ascent';
      readonly rate: number;
      readonly normalise?: 'rms' | 'mean' | 'length' | 'none';
    }
  /** m = momentum m + rate g, x + m (Mahendran and Vedaldi 2015). */
  | { readonly kind: 'momentum'; readonly rate: number; readonly momentum?: number }
  /** Kingma and Ba 2015, with their constants. */
  | { readonly kind: 'adam'; readonly rate: number };

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

/** Constants of the paper. */
export const ADAM = { first: 0.9, second: 0.999, epsilon: 1e-8 } as const;

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
  const { length } = parameters;
  const steps = memory.steps + 1;
  const room = (array: Float32Array): Float32Array =>
    array.length === length ? array : new Float32Array(length);
  switch (optimiser.kind) {
    case 'ascent': {
      const size = norm(gradient, optimiser.normalise ?? 'rms');
      const factor = size > 0 ? optimiser.rate / size : 0;
      for (let i = 0; i < length; i++) parameters[i] = parameters[i]! + factor * gradient[i]!;
      return { ...memory, steps };
    }
    case 'momentum': {
      const first = room(memory.first);
      const { rate, momentum = 0.9 } = optimiser;
      for (let i = 0; i < length; i++) {
        first[i] = momentum * first[i]! + rate * gradient[i]!;
        parameters[i] = parameters[i]! + first[i]!;
      }
      return { ...memory, first, steps };
    }
    case 'adam': {
      const first = room(memory.first);
      const second = room(memory.second);
      const rate =
        (optimiser.rate * Math.sqrt(1 - ADAM.second ** steps)) / (1 - ADAM.first ** steps);
      for (let i = 0; i < length; i++) {
        const g = gradient[i]!;
        const m = ADAM.first * first[i]! + (1 - ADAM.first) * g;
        const v = ADAM.second * second[i]! + (1 - ADAM.second) * g * g;
        first[i] = m;
        second[i] = v;
        parameters[i] = parameters[i]! + (rate * m) / (Math.sqrt(v) + ADAM.epsilon);
      }
      return { first, second, steps };
    }
  }
}

function norm(gradient: Float32Array, kind: 'rms' | 'mean' | 'length' | 'none'): number {
  if (kind === 'none') return 1;
  let sum = 0;
  if (kind === 'mean') {
    for (const value of gradient) sum += Math.abs(value);
    return sum / gradient.length;
  }
  for (const value of gradient) sum += value * value;
  return kind === 'rms' ? Math.sqrt(sum / gradient.length) : Math.sqrt(sum);
}
