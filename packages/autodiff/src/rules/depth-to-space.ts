import { intAttribute, stringAttribute } from '@convlens/onnx';
import type { Rules } from '../rule.js';
import { reshape, transpose } from '../shaping.js';

/** DepthToSpace and SpaceToDepth move elements; the adjoint moves them back. */
export const blocks: Rules = {
  DepthToSpace: (step) => {
    const { b, node, dy } = step;
    const [batch, channels, height, width] = step.shape() as [number, number, number, number];
    const size = intAttribute(node, 'blocksize', 1);
    const depth = channels / (size * size);
    // [batch, depth, height, row, width, column] with the rows and columns of a block apart.
    const apart = reshape(b, dy, [batch, depth, height, size, width, size]);
    const columnFirst = stringAttribute(node, 'mode', 'DCR') === 'CRD';
    const order = columnFirst ? [0, 1, 3, 5, 2, 4] : [0, 3, 5, 1, 2, 4];
    return [reshape(b, transpose(b, apart, order), step.shape())];
  },
  SpaceToDepth: (step) => {
    const size = intAttribute(step.node, 'blocksize', 1);
    return [step.b.emit('DepthToSpace', [step.dy], { blocksize: size })];
  },
};
