import type { Parameters, SettingsOf } from '../../schema/parameter.js';
import type { OffGpu } from '../off-gpu.js';

/** A step in WGSL, for number `i` of buffers `gradient` and `parameters`. */
export interface OptimiserWgsl {
  /** Term of a sum over the numbers of a picture that the step needs, for `gradient[i]`; without one no sum is made. */
  readonly sum?: string;
  /**
   * Statements that move `parameters[i]`. They know `rate`, `g`, the gradient, `sum`, where there is one, and `first[i]` and
   * `second[i]`, as many as there are moments.
   */
  readonly move: (length: number) => string;
}

/** How the numbers follow the gradient, uphill. */
export interface OptimiserKind<P extends Parameters = Parameters> {
  /** For people. */
  readonly title: string;
  /** Paper. */
  readonly source: string;
  /** Its schema; `rate` is the length of a step. */
  readonly parameters: P;
  /** Moments that it keeps of every number. */
  readonly moments: 0 | 1 | 2;
  /**
   * The rate that it takes in its nth step, where that is not the rate itself.
   *
   * @param rate of the step
   * @param steps done, with this one
   */
  readonly corrected?: (rate: number, steps: number) => number;
  /**
   * One step uphill.
   *
   * @param settings of its parameters
   * @param rate of this step, corrected
   * @param parameters float32; changed
   * @param gradient of the objective with respect to them
   * @param moments as many as it keeps, of the length of the parameters; changed
   */
  step(
    settings: SettingsOf<P>,
    rate: number,
    parameters: Float32Array,
    gradient: Float32Array,
    moments: readonly Float32Array[],
  ): void;
  /** The same for the GPU. */
  gpu(settings: SettingsOf<P>): OptimiserWgsl | OffGpu;
}
