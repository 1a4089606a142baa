import type { Canvas } from '../parametrisation.js';
import type { OffGpu } from '../off-gpu.js';
import type { Parameters, SettingsOf } from '../../schema/parameter.js';

/** Size of the image. */
export interface Extents {
  readonly channels: number;
  readonly height: number;
  readonly width: number;
}

/** A picture that is penalised. */
export interface Penalised {
  /** float32 `[C, H, W]`. */
  readonly image: Float32Array;
  readonly extents: Extents;
  /** One deviation of natural images in the network's input. */
  readonly unit: number;
}

/** A penalty in WGSL, for number `i` of a buffer `image`, the pixel `at` of its plane. */
export interface PenaltyWgsl {
  /**
   * Statements that add its value to `sum`. They know `value`, the number in units, `unit`, `last`, the last number of the
   * buffer, and `power(value, exponent)`.
   */
  value(canvas: Canvas): string;
  /** Statements that take its gradient from `sums[c]`. They know `value`, and `x` and `y`, the place of the pixel. */
  gradient(canvas: Canvas): string;
}

/**
 * What keeps a picture from being noise, besides its parametrisation. Values are those of the network's input divided
 * by its unit (one deviation of natural images), so that the same number suits every network.
 */
export interface PenaltyKind<P extends Parameters = Parameters> {
  /** For people. */
  readonly title: string;
  /** Paper. */
  readonly source: string;
  /** Its schema; `weight` is what its sum is multiplied by. */
  readonly parameters: P;
  /**
   * Its value.
   *
   * @param settings of its parameters
   * @param picture what is penalised
   * @param gradient float32 `[C, H, W]`; the gradient of the penalty is subtracted from it
   */
  penalise(settings: SettingsOf<P>, picture: Penalised, gradient: Float32Array): number;
  /** The same for the GPU. */
  gpu(settings: SettingsOf<P>): PenaltyWgsl | OffGpu;
}
