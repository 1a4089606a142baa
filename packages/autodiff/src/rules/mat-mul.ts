import { elementCount } from '@convlens/onnx';
import { broadcastShape } from '../algebra.js';
import type { GraphBuilder } from '@convlens/onnx';
import type { Rules } from '../rule.js';
import { reshape, sumTo, transpose } from '../shaping.js';

function turned(b: GraphBuilder, x: string): string {
  const rank = b.shape(x).length;
  const order = Array.from({ length: rank }, (_, axis) => axis);
  return transpose(b, x, [...order.slice(0, -2), rank - 1, rank - 2]);
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
        dA = b.emit('Gemm', [flat, y], { transA: 0, transB: 1 });
      }
      if (step.needs(1)) {
        const left = reshape(b, x, [all, inner]);
        dB = b.emit('Gemm', [left, flat], { transA: 1, transB: 0 });
      }
      return [dA && reshape(b, dA, shapeA), dB && reshape(b, dB, shapeB)];
    }
    if (step.needs(0)) dA = sumTo(b, b.emit('MatMul', [dy, turned(b, y)]), asMatrixA);
    if (step.needs(1)) dB = sumTo(b, b.emit('MatMul', [turned(b, x), dy]), asMatrixB);
    return [dA && reshape(b, dA, shapeA), dB && reshape(b, dB, shapeB)];
  },
};
