import { PANEL, padded } from './pack.js';

const TAPS = 3;

/** G of F(4, 3) at the points 0, 1, -1, 1/2, -2 and infinity, to go with the transforms in assembly/winograd.ts. */
const TRANSFORM: readonly (readonly [number, number, number])[] = [
  [1, 0, 0],
  [1 / 3, 1 / 3, 1 / 3],
  [-1 / 3, 1 / 3, -1 / 3],
  [-16 / 15, -8 / 15, -4 / 15],
  [1 / 15, -2 / 15, 4 / 15],
  [0, 0, 1],
];

const POINTS = TRANSFORM.length;

/**
 * 3 x 3 filters in Winograd's domain, U = G g G^T for each pair of channels, computed in float64 and rounded once.
 *
 * @param data `[3][3][inputs][outputs]`
 * @param inputs channels
 * @param outputs channels
 * @returns 36 times `[outputs / PANEL, rounded up][inputs][PANEL]`
 * @see Lavin and Gray, Fast Algorithms for Convolutional Neural Networks, CVPR 2016
 */
export function winogradFilters(data: Float32Array, inputs: number, outputs: number): Float32Array {
  const pairs = inputs * outputs;
  const matrix = padded(outputs) * inputs;
  const result = new Float32Array(POINTS ** 2 * matrix);
  const taps = Array.from({ length: TAPS ** 2 }, (_, tap) =>
    data.subarray(tap * pairs, (tap + 1) * pairs),
  );
  const between = Array.from({ length: POINTS * TAPS }, () => new Float64Array(outputs));
  for (let input = 0; input < inputs; input++) {
    const start = input * outputs;
    TRANSFORM.forEach(([a, b, c], i) => {
      for (let column = 0; column < TAPS; column++) {
        const [x, y, z] = [taps[column]!, taps[TAPS + column]!, taps[2 * TAPS + column]!];
        const sums = between[i * TAPS + column]!;
        for (let output = 0; output < outputs; output++) {
          const at = start + output;
          sums[output] = a * x[at]! + b * y[at]! + c * z[at]!;
        }
      }
    });
    for (let i = 0; i < POINTS; i++) {
      const [x, y, z] = between.slice(i * TAPS, (i + 1) * TAPS) as [
        Float64Array,
        Float64Array,
        Float64Array,
      ];
      TRANSFORM.forEach(([a, b, c], j) => {
        const base = (i * POINTS + j) * matrix + input * PANEL;
        for (let output = 0; output < outputs; output++) {
          const lane = output % PANEL;
          result[base + (output - lane) * inputs + lane] =
            a * x[output]! + b * y[output]! + c * z[output]!;
        }
      });
    }
  }
  return result;
}
