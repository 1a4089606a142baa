import { applyTransposed } from '../linear-map.js';
import type { Rules } from '../rule.js';
import { reduce, reshape } from '../shaping.js';
import { repeatOf, resizeMatrix, resizeModeOf } from './resize-matrix.js';

/**
 * Resize: interpolation is a linear map along each axis, the same for every line, so dx is its transpose: one MatMul
 * an axis with the matrix of interpolation weights. Where every element was merely repeated, its copies are summed.
 */
export const resizing: Rules = {
  Resize: (step) => {
    const { b } = step;
    const [shape, target] = [step.shape(), b.shape(step.y)];
    const mode = resizeModeOf(step);
    const scales = step.list(2);
    let dx = step.dy;
    shape.forEach((extent, axis) => {
      const size = target[axis]!;
      const scale = mode.scaleOf(axis, scales) ?? size / extent;
      if (size === extent && scale === 1) return;
      const matrix = resizeMatrix(mode, extent, size, scale);
      const times = repeatOf(matrix);
      if (times === undefined) {
        dx = applyTransposed(b, dx, axis, matrix, 'interpolation');
        return;
      }
      const current = b.shape(dx);
      const [lead, rest] = [current.slice(0, axis), current.slice(axis + 1)];
      const apart = reshape(b, dx, [...lead, extent, times, ...rest]);
      dx = reduce(b, 'ReduceSum', apart, [axis + 1], false);
    });
    return [dx];
  },
};
