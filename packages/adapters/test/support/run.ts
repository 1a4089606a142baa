import { elementCount, write, type Graph } from '@convlens/onnx';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { fillNormal } from '../../src/builders/random.js';

/** Standard normal pixels. */
export function noise(shape: readonly number[]): Float32Array {
  const data = new Float32Array(elementCount(shape));
  fillNormal(data, 7, 'noise', 0, 1);
  return data;
}

/**
 * Runs a graph, or a file, on onnxruntime-node.
 *
 * @returns the first output
 */
export async function run(
  model: Graph | Uint8Array,
  input: string,
  data: Float32Array,
  shape: readonly number[],
): Promise<Float32Array> {
  const bytes = model instanceof Uint8Array ? model : write(model);
  const session = await InferenceSession.create(bytes, {
    logSeverityLevel: 3,
    intraOpNumThreads: 1,
  });
  const results = await session.run({ [input]: new Tensor('float32', data, shape) });
  await session.release();
  return results[session.outputNames[0]!]?.data as Float32Array;
}

/** Root of the mean square. */
export function rms(data: Float32Array): number {
  return Math.sqrt(data.reduce((total, value) => total + value * value, 0) / data.length);
}

/** Length of the difference over length of `expected`. */
export function relativeError(actual: Float32Array, expected: Float32Array): number {
  return rms(actual.map((value, at) => value - (expected[at] ?? NaN))) / rms(expected);
}
