import { elementCount } from '@convlens/onnx';
import { broadcastShape } from '../algebra.js';
import { int } from '../attribute.js';
import type { Emitter } from '../emitter.js';
import type { Rules } from '../rule.js';
import { reshape, sumTo, transpose } from '../shaping.js';

function turned(b: Emitter, x: string): string {
  const rank = b.shape(x).length;
  const order = Array.from({ length: rank }, (_, axis) => axis);
  return transpose(b, x, [...order.slice(0, -2), rank - 1, rank - 2]);
}

function batched(b: Emitter, x: string, y: string): string {
  const [left, right] = [b.shape(x), b.shape(y)];
  const lead = broadcastShape([left.slice(0, -2), right.slice(0, -2)]);
  return b.one('MatMul', [x, y], [...lead, left.at(-2)!, right.at(-1)!]);
}

/**
 * MatMul, y = A B over broadcast batches: dA = dy B^T and dB = A^T dy, summed over the batches along which a factor
 * was repeated. When B is one matrix for all batches, these are single Gemms over all rows.
 */
export const matMul: Rules = {
  MatMul: (step) => {
    const { b } = step;
    const [shapeA, shapeB] = [step.shape(0), step.shape(1)];
    // Vectors are matrices with one row (left) or column (right), as in numpy.
    const asMatrixA = shapeA.length === 1 ? [1, ...shapeA] : shapeA;
    const asMatrixB = shapeB.length === 1 ? [...shapeB, 1] : shapeB;
    const lead = broadcastShape([asMatrixA.slice(0, -2), asMatrixB.slice(0, -2)]);
    const [x, y] = [reshape(b, step.x(0), asMatrixA), reshape(b, step.x(1), asMatrixB)];
    const [rows, inner, columns] = [asMatrixA.at(-2)!, asMatrixA.at(-1)!, asMatrixB.at(-1)!];
    const dy = reshape(b, step.dy, [...lead, rows, columns]);
    let [dA, dB]: (string | undefined)[] = [];
    if (asMatrixB.length === 2) {
      const all = elementCount(lead) * rows;
      const flat = reshape(b, dy, [all, columns]);
      if (step.needs(0)) {
        dA = b.one('Gemm', [flat, y], [all, inner], { transA: int(0), transB: int(1) });
      }
      if (step.needs(1)) {
        const left = reshape(b, x, [all, inner]);
        dB = b.one('Gemm', [left, flat], [inner, columns], { transA: int(1), transB: int(0) });
      }
      return [dA && reshape(b, dA, shapeA), dB && reshape(b, dB, shapeB)];
    }
    if (step.needs(0)) dA = sumTo(b, batched(b, dy, turned(b, y)), asMatrixA);
    if (step.needs(1)) dB = sumTo(b, batched(b, turned(b, x), dy), asMatrixB);
    return [dA && reshape(b, dA, shapeA), dB && reshape(b, dB, shapeB)];
  },
};
