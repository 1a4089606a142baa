import { float32, LensError, read, type TensorData } from '@convlens/onnx';
import { CONFORMANCE_CASE } from './conformance-case.js';
import type { Runtime } from './runtime.js';

/** A graph with inputs `x` and `dy`, and the values that it must give; all in base64. */
export interface ConformanceCase {
  /** ONNX. */
  readonly model: string;
  /** Name of the forward result. */
  readonly value: string;
  /** Name of the product of the derivative with `dy`. */
  readonly gradient: string;
  /** float32, little-endian. */
  readonly expected: { readonly value: string; readonly gradient: string };
}

/** Relative to the largest magnitude: backends that compute in float32 are within 1e-6. */
const TOLERANCE = 1e-3;

const bytesOf = (text: string): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(atob(text), (character) => character.charCodeAt(0));

const floatsOf = (text: string): Float32Array => new Float32Array(bytesOf(text).buffer);

/** Largest difference over the largest magnitude; NaN where a number is missing or is none. */
function difference(found: TensorData | undefined, expected: Float32Array): number {
  const data = found?.data as Float32Array | undefined;
  if (data?.length !== expected.length) return NaN;
  let [worst, largest] = [0, 0];
  for (let i = 0; i < expected.length; i++) {
    const distance = Math.abs(data[i]! - expected[i]!);
    if (Number.isNaN(distance)) return NaN;
    worst = Math.max(worst, distance);
    largest = Math.max(largest, Math.abs(expected[i]!));
  }
  return worst / largest;
}

async function check({ id, executor }: Runtime): Promise<void> {
  const { model, value, gradient, expected } = CONFORMANCE_CASE;
  const x = Float32Array.from({ length: 243 }, (_, i) => (((i * 7) % 13) - 6) / 8);
  const feeds = {
    x: float32(x, [1, 3, 9, 9]),
    dy: float32(Float32Array.of(1, -0.5, 0.25, 2), [1, 4]),
  };
  const program = await executor.prepare(read(bytesOf(model)));
  const results = await program.run(feeds);
  await program.dispose();
  const wrong = (
    [
      ['scores of a test network are', results[value], expected.value],
      ['gradient of a test network is', results[gradient], expected.gradient],
    ] as const
  ).flatMap(([what, found, wanted]) => {
    const error = difference(found, floatsOf(wanted));
    return error < TOLERANCE ? [] : [`the ${what} off by ${error.toPrecision(2)}`];
  });
  if (wrong.length === 0) return;
  throw new LensError(
    'E_BACKEND_INIT',
    `${id} computes wrong numbers on this device (${wrong.join(', ')}).`,
  );
}

/**
 * Runs a small known network and its derivative (convolutions with and without stride, pooling with its switches, a product),
 * because a backend that starts may still compute nothing or wrong numbers.
 *
 * @param runtime has started
 * @param limitMs how long it may take
 * @throws LensError `E_BACKEND_INIT` when the numbers are wrong or it does not answer in time
 */
export async function checkConformance(runtime: Runtime, limitMs = 60_000): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      const why = `${runtime.id} did not answer within ${limitMs / 1000} s.`;
      reject(new LensError('E_BACKEND_INIT', why));
    }, limitMs);
  });
  try {
    await Promise.race([check(runtime), late]);
  } finally {
    clearTimeout(timer);
  }
}
