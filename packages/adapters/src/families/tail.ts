import type { Names } from '../names.js';
import type { Parts } from './chain.js';

/**
 * Names what follows the last block of a ResNet or DenseNet: pooling and the dense layers.
 *
 * @param parts the network
 * @param names where the names go
 * @param dense name of the dense layer; further ones are numbered
 */
export function nameTail(parts: Parts, names: Names, dense: string): void {
  for (const step of parts.steps) {
    if (parts.dense.includes(step)) names.add(step, dense, 'classifier');
    else if (step.kind === 'pool') names.add(step, 'avgpool', 'classifier');
  }
}
