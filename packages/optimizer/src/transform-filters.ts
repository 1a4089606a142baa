import type { TensorData } from '@convlens/onnx';
import type { Matrix } from './cook-toom.js';
import type { Order } from './form.js';

/** Filters that are transformed together: as many as stay in the first-level cache with their results. */
const BLOCK = 176;

/**
 * Filters in Winograd's domain, U = G g G^T for each pair of channels, computed in float64 and rounded once.
 *
 * @param weights `[outputs, inputs, taps, taps]`
 * @param transform G, `[points][taps]`
 * @param order which of the two stands first in the matrix product
 * @returns `[points, points, outputs, inputs]` for filters first, `[points, points, inputs, outputs]` for tiles first
 */
export function transformFilters(
  { shape, data }: TensorData<'float32'>,
  transform: Matrix,
  order: Order,
): Float32Array {
  const [outputs, inputs, taps] = shape as [number, number, number, number];
  const points = transform.length;
  const pairs = outputs * inputs;
  const result = new Float32Array(points ** 2 * pairs);
  const planes = (count: number): Float64Array[] =>
    Array.from({ length: count }, () => new Float64Array(BLOCK));
  const filter = planes(taps * taps);
  const columns = Array.from({ length: taps }, (_, column) =>
    filter.filter((_, tap) => tap % taps === column),
  );
  const between = Array.from({ length: points }, () => planes(taps));
  // In the order of the result, a block at a time, so that every loop runs through neighbouring numbers.
  for (let start = 0; start < pairs; start += BLOCK) {
    const count = Math.min(BLOCK, pairs - start);
    for (let k = 0; k < count; k++) {
      const pair = start + k;
      const from =
        order === 'filters-first' ? pair : (pair % outputs) * inputs + Math.floor(pair / outputs);
      for (let tap = 0; tap < filter.length; tap++) {
        filter[tap]![k] = data[from * filter.length + tap]!;
      }
    }
    between.forEach((row, i) => {
      row.forEach((sum, column) => combine(sum, 0, count, columns[column]!, transform[i]!));
    });
    between.forEach((row, i) => {
      transform.forEach((factors, column) =>
        combine(result, (i * points + column) * pairs + start, count, row, factors),
      );
    });
  }
  return result;
}

/** The sum of `terms`, each times its factor, into `count` elements of `sum`. */
function combine(
  sum: Float32Array | Float64Array,
  at: number,
  count: number,
  terms: readonly Float64Array[],
  factors: readonly number[],
): void {
  if (terms.length === 3) {
    // Nearly all filters are 3 x 3, and a network has tens of millions of weights.
    const [x, y, z] = terms as [Float64Array, Float64Array, Float64Array];
    const [a, b, c] = factors as [number, number, number];
    for (let k = 0; k < count; k++) sum[at + k] = a * x[k]! + b * y[k]! + c * z[k]!;
    return;
  }
  for (let k = 0; k < count; k++) {
    let total = 0;
    for (let i = 0; i < terms.length; i++) total += factors[i]! * terms[i]![k]!;
    sum[at + k] = total;
  }
}
