import type { KindOf, Parameters, SettingsOf } from '../../schema/parameter.js';
import { filled } from '../../schema/settings.js';
import type { OffGpu } from '../off-gpu.js';
import type { Penalised, PenaltyKind, PenaltyWgsl } from './penalty.js';
import { alpha, alphaParameters, l2, l2Parameters } from './powers.js';
import { tv, tvParameters } from './total-variation.js';

/** The schemas of all penalties, apart from their rows: checks and controls need no more. */
export const penaltyParameters = {
  tv: tvParameters,
  l2: l2Parameters,
  alpha: alphaParameters,
} as const;

/** A penalty as recipes keep it. */
export type Penalty = KindOf<typeof penaltyParameters>;

/** All penalties. */
export const penalties: {
  readonly [Kind in Penalty['kind']]: PenaltyKind<(typeof penaltyParameters)[Kind]>;
} = { tv, l2, alpha };

/** A row with the settings of one penalty. */
function rowOf(penalty: Penalty): { row: PenaltyKind; settings: SettingsOf<Parameters> } {
  const row = penalties[penalty.kind] as PenaltyKind;
  return { row, settings: filled(row.parameters, penalty) };
}

/**
 * The value of a penalty, and its gradient.
 *
 * @param penalty which
 * @param picture what is penalised
 * @param gradient float32 `[C, H, W]`; the gradient of the penalty is subtracted from it
 */
export function penalise(penalty: Penalty, picture: Penalised, gradient: Float32Array): number {
  const { row, settings } = rowOf(penalty);
  return row.penalise(settings, picture, gradient);
}

/**
 * A penalty in WGSL, or why it is not on the GPU.
 *
 * @param penalty which
 */
export function penaltyWgsl(penalty: Penalty): PenaltyWgsl | OffGpu {
  const { row, settings } = rowOf(penalty);
  return row.gpu(settings);
}
