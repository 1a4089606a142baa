import * as ort from 'onnxruntime-node';
import { write, type DType, type TensorData } from '@convlens/onnx';
import type { Executor } from '@convlens/runtime';

/** Runs graphs with onnxruntime-node. */
export const native: Executor = {
  async prepare(graph) {
    const session = await ort.InferenceSession.create(write(graph), { logSeverityLevel: 3 });
    return {
      async run(feeds, outputs = session.outputNames) {
        const inputs = Object.fromEntries(
          Object.entries(feeds).map(([name, { dtype, data, shape }]) => [
            name,
            new ort.Tensor(dtype as ort.Tensor.Type, data as ort.Tensor.DataType, shape),
          ]),
        );
        const found = await session.run(inputs, [...outputs]);
        return Object.fromEntries(
          Object.entries(found).map(([name, tensor]): [string, TensorData] => [
            name,
            { dtype: tensor.type as DType, shape: tensor.dims, data: tensor.data },
          ]),
        );
      },
      dispose: () => session.release(),
    };
  },
};

/** Numbers between -1 and 1 that are the same in every run. */
export function numbers(count: number, seed = 1): Float32Array {
  let state = seed * 2654435761;
  return Float32Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 31 - 1;
  });
}

/** Sum of products. */
export const dot = (a: ArrayLike<number>, b: ArrayLike<number>): number => {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
};
