import { elementCount } from '@convlens/onnx';
import type { GraphBuilder } from '@convlens/onnx';
import { reshape } from './shaping.js';

/** A matrix that acts along one axis: `data[row * columns + column]`. */
export interface Matrix {
  readonly rows: number;
  readonly columns: number;
  readonly data: Float32Array;
}

/**
 * A matrix of zeros.
 *
 * @param rows extent of the result
 * @param columns extent of what it acts on
 */
export function emptyMatrix(rows: number, columns: number): Matrix {
  return { rows, columns, data: new Float32Array(rows * columns) };
}

/**
 * Applies the transpose of a matrix along an axis.
 *
 * @param b where to emit
 * @param x a value whose extent along the axis is the number of rows
 * @param axis the axis
 * @param matrix the matrix, not transposed
 * @param label what it is, for its name
 * @returns the same with the number of columns as extent along the axis
 */
export function applyTransposed(
  b: GraphBuilder,
  x: string,
  axis: number,
  { rows, columns, data }: Matrix,
  label: string,
): string {
  const shape = b.shape(x);
  const result = shape.map((extent, i) => (i === axis ? columns : extent));
  const before = elementCount(shape.slice(0, axis));
  const behind = elementCount(shape.slice(axis + 1));
  if (behind === 1) {
    const right = b.numbers(data, [rows, columns], x, label);
    return reshape(b, b.emit('MatMul', [reshape(b, x, [before, rows]), right]), result);
  }
  const turned = new Float32Array(data.length);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      turned[column * rows + row] = data[row * columns + column]!;
    }
  }
  const left = b.numbers(turned, [columns, rows], x, label);
  const planes = reshape(b, x, [before, rows, behind]);
  const product = b.emit('MatMul', [left, planes]);
  return reshape(b, product, result);
}
