import type { Recognition } from '../names.js';
import { isChain } from '../structure.js';
import { convsPerStage, nameChain, type Parts } from './chain.js';

/**
 * AlexNet (Krizhevsky, Sutskever and Hinton 2012) and its relatives CaffeNet and ZFNet (Zeiler and Fergus 2013):
 * five convolutions with a large first kernel, pooling after the first, the second and the last.
 *
 * @param parts the network
 */
export function recogniseAlexNet(parts: Parts): Recognition | undefined {
  const { convs, steps, dense } = parts;
  if (!isChain(steps) || dense.length === 0 || convsPerStage(parts).join() !== '1,1,3') return;
  const kernels = convs.map((conv) => conv.kernel[0] ?? 0);
  const [first = 0, second = 0, ...rest] = kernels;
  if (first < 5 || second > first || rest.some((kernel) => kernel !== 3)) return;
  const poolThenNorm = steps.some((step) => step.op === 'LRN' && step.inputs[0]?.kind === 'pool');
  const title = first === 7 ? 'ZFNet' : poolThenNorm ? 'CaffeNet' : 'AlexNet';
  return {
    family: 'alexnet',
    title: parts.batchNorm ? `${title} with batch norm` : title,
    names: nameChain(parts, ['1', '2', '3', '4', '5'], 'norm'),
  };
}
