import { elementCount, write, type Graph, type TensorData } from '@convlens/onnx';
import { InferenceSession, Tensor } from 'onnxruntime-node';

/** Values by name, as plain numbers. */
export type Arrays = Readonly<Record<string, Float32Array>>;

/** Runs a graph on one thread of onnxruntime-node; inputs that the graph does not have are left out. */
export async function run(graph: Graph, feeds: Arrays): Promise<Record<string, Float32Array>> {
  const session = await InferenceSession.create(write(graph), {
    logSeverityLevel: 3,
    intraOpNumThreads: 1,
  });
  const tensors = Object.fromEntries(
    graph.inputs.flatMap(({ name, shape }) => {
      const data = feeds[name];
      return data ? [[name, new Tensor('float32', data, shape as number[])]] : [];
    }),
  );
  const results = await session.run(tensors);
  await session.release();
  return Object.fromEntries(
    Object.entries(results).map(([name, tensor]) => [name, tensor.data as Float32Array]),
  );
}

/** Length of the difference over length of `expected`. */
export function relativeError(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  let difference = 0;
  let total = 0;
  for (let i = 0; i < expected.length; i++) {
    difference += (actual[i]! - expected[i]!) ** 2;
    total += expected[i]! ** 2;
  }
  if (actual.length !== expected.length) return NaN;
  return Math.sqrt(difference / (total || 1));
}

/** Largest difference over the largest magnitude of `expected`. */
export function worstError(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (actual.length !== expected.length) return NaN;
  let difference = 0;
  let largest = 0;
  for (let i = 0; i < expected.length; i++) {
    difference = Math.max(difference, Math.abs(actual[i]! - expected[i]!));
    largest = Math.max(largest, Math.abs(expected[i]!));
    if (Number.isNaN(actual[i])) return NaN;
  }
  return difference / (largest || 1);
}

/** Seeded uniform numbers in [-1, 1) (mulberry32). */
export function noise(count: number, seed = 1): Float32Array {
  let state = seed * 0x9e3779b9;
  return Float32Array.from({ length: count }, () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 31 - 1;
  });
}

/** A float32 tensor of seeded noise. */
export function random(shape: readonly number[], seed = 1, scale = 1): TensorData<'float32'> {
  const data = noise(elementCount(shape), seed).map((value) => value * scale);
  return { dtype: 'float32', shape, data };
}
