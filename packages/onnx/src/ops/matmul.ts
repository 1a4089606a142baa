import { broadcastDims } from '../dims.js';
import type { Dim } from '../graph.js';
import { fail, input, int, shapeOf, show, type Call, type Rules } from './rule.js';

function checkInner(call: Call, a: Dim, b: Dim, what: string): void {
  if (typeof a !== 'number' || typeof b !== 'number' || a === b) return;
  fail(call, `${what} do not go together: the inner extents are ${a} and ${b}.`);
}

/** Matrix products. */
export const products: Rules = {
  MatMul: {
    role: 'dense',
    float16: true,
    tame: true,
    infer(call) {
      const a = shapeOf(call, 0, 1);
      const b = shapeOf(call, 1, 1);
      const what = `the factors ${show(a)} and ${show(b)}`;
      const row = a.length > 1;
      const column = b.length > 1;
      checkInner(call, a.at(-1)!, b.at(column ? -2 : -1)!, what);
      const batch = broadcastDims([a.slice(0, -2), b.slice(0, -2)]);
      if (!batch) return fail(call, `${what} have batches that do not broadcast.`);
      const shape = [...batch];
      if (row) shape.push(a.at(-2)!);
      if (column) shape.push(b.at(-1)!);
      return [{ dtype: input(call, 0).dtype, shape }];
    },
  },
  Gemm: {
    parameters: { alpha: 'float', beta: 'float', transA: 'int', transB: 'int' },
    role: 'dense',
    float16: true,
    tame: true,
    infer(call) {
      const a = shapeOf(call, 0);
      const b = shapeOf(call, 1);
      if (a.length !== 2 || b.length !== 2) {
        fail(
          call,
          `both factors must be matrices, but their shapes are ${show(a)} and ${show(b)}.`,
        );
      }
      const [m, k] = (int(call, 'transA', 0) ? [a[1], a[0]] : a) as [Dim, Dim];
      const [inner, n] = (int(call, 'transB', 0) ? [b[1], b[0]] : b) as [Dim, Dim];
      const flips = `${int(call, 'transA', 0) ? ' (transposed)' : ''}`;
      checkInner(
        call,
        k,
        inner,
        `the factors ${show(a)}${flips} and ${show(b)}${int(call, 'transB', 0) ? ' (transposed)' : ''}`,
      );
      const bias = call.inputs[2]?.shape;
      if (bias && broadcastDims([bias, [m, n]])?.length !== 2) {
        fail(call, `the bias ${show(bias)} does not broadcast to ${show([m, n])}.`);
      }
      return [{ dtype: input(call, 0).dtype, shape: [m, n] }];
    },
  },
};
