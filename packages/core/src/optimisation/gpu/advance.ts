import { ADAM, type Optimiser } from '../optimisers.js';
import { float, type KernelSource } from './kernel.js';
import { partsKernel, PARTS } from './sums.js';

/** Kernels that move the numbers uphill, as `advance` does. */
export interface AdvanceKernels {
  /** Buffers: slope `[n, length]`, parts `[n, PARTS]`; there where the size of the slope matters. */
  readonly size: KernelSource | undefined;
  /**
   * Buffers: slope, step, parameters, and parts or moments where the optimiser has them, all but step and parts
   * `[n, length]`; threads along x are the numbers of a picture, groups along y pictures.
   */
  readonly move: KernelSource;
}

const MOMENTS = ['first', 'second'] as const;

/** How many moments an optimiser keeps. */
export function momentsOf({ kind }: Optimiser): 0 | 1 | 2 {
  return ({ ascent: 0, momentum: 1, adam: 2 } as const)[kind];
}

/**
 * The kernels of an optimiser. The rate is the first number of the buffer `step`; Adam's includes its correction of the
 * bias.
 *
 * @param optimiser which
 * @param length numbers of a picture
 */
export function advanceKernels(optimiser: Optimiser, length: number): AdvanceKernels {
  const normalise = optimiser.kind === 'ascent' ? (optimiser.normalise ?? 'rms') : 'none';
  const moments = momentsOf(optimiser);
  return {
    size:
      normalise === 'none'
        ? undefined
        : partsKernel({
            name: 'size of the slope',
            buffers: ['slope'],
            length,
            term: normalise === 'mean' ? 'abs(slope[i])' : 'slope[i] * slope[i]',
          }),
    move: {
      name: 'step uphill',
      buffers: [
        ['slope', 'f32', 'read'],
        ['step', 'f32', 'read'],
        ['parameters', 'f32', 'write'],
        ...(normalise === 'none' ? [] : [['parts', 'f32', 'read'] as const]),
        ...MOMENTS.slice(0, moments).map((name) => [name, 'f32', 'write'] as const),
      ],
      body: `
  if (at >= ${length}u) { return; }
  let i = group.y * ${length}u + at;
  let rate = step[0];
  let g = slope[i];${moving(optimiser, normalise, length)}`,
    },
  };
}

function moving(
  optimiser: Optimiser,
  normalise: 'rms' | 'mean' | 'length' | 'none',
  length: number,
): string {
  switch (optimiser.kind) {
    case 'ascent': {
      if (normalise === 'none') return '\n  parameters[i] += rate * g;';
      const size = {
        rms: `sqrt(sum / ${length})`,
        mean: `sum / ${length}`,
        length: 'sqrt(sum)',
      }[normalise];
      return `
  var sum = 0.0;
  for (var k = 0u; k < ${PARTS}u; k++) { sum += parts[group.y * ${PARTS}u + k]; }
  if (sum > 0) { parameters[i] += rate / (${size}) * g; }`;
    }
    case 'momentum':
      return `
  let m = ${float(optimiser.momentum ?? 0.9)} * first[i] + rate * g;
  first[i] = m;
  parameters[i] += m;`;
    case 'adam':
      return `
  let m = ${float(ADAM.first)} * first[i] + ${float(1 - ADAM.first)} * g;
  let v = ${float(ADAM.second)} * second[i] + ${float(1 - ADAM.second)} * g * g;
  first[i] = m;
  second[i] = v;
  parameters[i] += rate * m / (sqrt(v) + ${float(ADAM.epsilon)});`;
  }
}
