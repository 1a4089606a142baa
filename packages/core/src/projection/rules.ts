import type { ReluRule } from '@convlens/autodiff';

/** What can happen at rectifiers on the way back; see `ReluRule`. */
export const projectionRules = [
  'backprop',
  'deconvnet',
  'guided',
] as const satisfies readonly ReluRule[];

/** What happens at rectifiers on the way back; see `ReluRule`. */
export type ProjectionRule = (typeof projectionRules)[number];
