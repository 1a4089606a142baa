import type { Recognition } from '../names.js';
import { isChain, isConv } from '../structure.js';
import { convsPerStage, nameChain, type Parts } from './chain.js';

/** Depth by convolutions of each stage: configurations A, B, D and E of the paper. */
const DEPTHS: Readonly<Record<string, number>> = {
  '1,1,2,2,2': 11,
  '2,2,2,2,2': 13,
  '2,2,3,3,3': 16,
  '2,2,4,4,4': 19,
};

/**
 * VGG (Simonyan and Zisserman 2014): 3x3 convolutions in five stages that pooling ends, then dense layers.
 *
 * @param parts the network
 */
export function recogniseVgg(parts: Parts): Recognition | undefined {
  if (!isChain(parts.steps) || parts.dense.length === 0) return;
  if (!parts.convs.every((conv) => isConv(conv, 3))) return;
  const stages = convsPerStage(parts);
  const depth = DEPTHS[stages.join()];
  if (depth === undefined) return;
  const suffixes = stages.flatMap((count, stage) =>
    Array.from({ length: count }, (_, at) => `${stage + 1}_${at + 1}`),
  );
  return {
    family: 'vgg',
    title: `VGG-${depth}${parts.batchNorm ? ' with batch norm' : ''}`,
    names: nameChain(parts, suffixes, 'bn'),
  };
}
