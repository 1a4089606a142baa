import { elementCount, intAttribute } from '@convlens/onnx';
import { applyTransposed, emptyMatrix } from '../linear-map.js';
import type { Rules } from '../rule.js';
import { expand, fromFront, pad, reshape, zeros } from '../shaping.js';

/** Constant indices up to this many times the extent are put back by a matrix, more by ScatterElements. */
const mostCells = 2 ** 20;

/**
 * Gather: dy is added up where the elements came from. Neighbours in a row are padded with zeros; other constant
 * indices are a matrix of zeros and ones along the axis; computed indices need ScatterElements.
 */
export const gathering: Rules = {
  Gather: (step) => {
    const { b, node, dy } = step;
    const shape = step.shape();
    const axis = fromFront(intAttribute(node, 'axis', 0), shape.length);
    const extent = shape[axis]!;
    const indices = step.x(1);
    const count = elementCount(step.shape(1));
    const [lead, rest] = [shape.slice(0, axis), shape.slice(axis + 1)];
    const rows = reshape(b, dy, [...lead, count, ...rest]);
    const constant = b.elements(indices);
    const list =
      constant &&
      Array.from(constant.data as ArrayLike<number>, (i) => fromFront(Number(i), extent));
    if (list?.every((index, i) => index === list[0]! + i)) {
      const [before, after] = [list[0] ?? 0, extent - count - (list[0] ?? 0)];
      const at = (n: number): number[] => shape.map((_, i) => (i === axis ? n : 0));
      return [pad(b, rows, at(before), at(after))];
    }
    if (list && count * extent <= mostCells) {
      const matrix = emptyMatrix(count, extent);
      list.forEach((index, row) => (matrix.data[row * extent + index] = 1));
      return [applyTransposed(b, rows, axis, matrix, 'gathered')];
    }
    const flat = [elementCount(lead), count, elementCount(rest)];
    const wide = expand(b, reshape(b, indices, [1, count, 1]), flat);
    const room = [flat[0]!, extent, flat[2]!];
    const sums = b.emit('ScatterElements', [zeros(b, room, dy), wide, reshape(b, rows, flat)], {
      axis: 1,
      reduction: 'add',
    });
    return [reshape(b, sums, shape)];
  },
};
