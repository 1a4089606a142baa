import { onGpu } from '../off-gpu.js';
import { optimisers, optimiserWgsl, type Optimiser } from '../optimisers/table.js';
import { type KernelSource } from './kernel.js';
import { partsKernel, PARTS } from './sums.js';

/** Kernels that move the numbers uphill, as `advance` does. */
export interface AdvanceKernels {
  /** Buffers: gradient `[n, length]`, parts `[n, PARTS]`; there where the optimiser needs a sum over it. */
  readonly sum: KernelSource | undefined;
  /**
   * Buffers: gradient, step, parameters, and parts or moments where the optimiser has them, all but step and parts
   * `[n, length]`; threads along x are the numbers of a picture, groups along y pictures.
   */
  readonly move: KernelSource;
}

const MOMENTS = ['first', 'second'] as const;

/**
 * The kernels of an optimiser. The rate is the first number of the buffer `step`, corrected.
 *
 * @param optimiser which
 * @param length numbers of a picture
 */
export function advanceKernels(optimiser: Optimiser, length: number): AdvanceKernels {
  const { sum, move } = onGpu(optimiserWgsl(optimiser));
  const added = `
  var sum = 0.0;
  for (var k = 0u; k < ${PARTS}u; k++) { sum += parts[group.y * ${PARTS}u + k]; }`;
  return {
    sum:
      sum === undefined
        ? undefined
        : partsKernel({ name: 'sum of the step', buffers: ['gradient'], length, term: sum }),
    move: {
      name: 'step uphill',
      buffers: [
        ['gradient', 'f32', 'read'],
        ['step', 'f32', 'read'],
        ['parameters', 'f32', 'write'],
        ...(sum === undefined ? [] : [['parts', 'f32', 'read'] as const]),
        ...MOMENTS.slice(0, optimisers[optimiser.kind].moments).map(
          (name) => [name, 'f32', 'write'] as const,
        ),
      ],
      body: `
  if (at >= ${length}u) { return; }
  let i = group.y * ${length}u + at;
  let rate = step[0];
  let g = gradient[i];${sum === undefined ? '' : added}${move(length)}`,
    },
  };
}
