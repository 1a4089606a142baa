import { LensError } from '@convlens/onnx';

/** A matrix as rows. */
export type Matrix = readonly (readonly number[])[];

/**
 * What a minimal correlation is made of: `y = inverse ((filter g) * (input d))`, element by element in between.
 */
export interface Transforms {
  /** Numbers in the middle: `tile + taps - 1`. */
  readonly points: number;
  /** `[points][points]`, applied to a piece of the input. */
  readonly input: Matrix;
  /** `[points][taps]`, applied to the filter. */
  readonly filter: Matrix;
  /** `[tile][points]`, applied to the products. */
  readonly inverse: Matrix;
}

/**
 * Where the polynomials are evaluated, besides infinity, in the order in which they are taken. 1/2 with -2 instead of 2
 * with -2 halves the error of F(4, 3): the powers stay closer to 1.
 *
 * @see Barabasz, Anderson, Soodhalter and Gregg, Error Analysis and Improving the Accuracy of Winograd Convolution for
 * Deep Neural Networks, ACM TOMS 2020, table 3
 */
const NODES = [0, 1, -1, 0.5, -2, -0.5, 2] as const;

/** Coefficients of the polynomial with these roots, the constant one first. */
function polynomial(roots: readonly number[]): number[] {
  let coefficients = [1];
  for (const root of roots) {
    const next = new Array<number>(coefficients.length + 1).fill(0);
    coefficients.forEach((c, power) => {
      next[power + 1]! += c;
      next[power]! -= root * c;
    });
    coefficients = next;
  }
  return coefficients;
}

/**
 * The matrices of F(tile, taps), the one-dimensional correlation that gives `tile` results of a filter with `taps`
 * taps by `tile + taps - 1` multiplications: Toom and Cook's polynomial multiplication, transposed. Those of the input
 * and of the result have short binary fractions only, so they are exact in float32.
 *
 * @param tile results
 * @param taps extent of the filter
 * @throws LensError `E_ARGUMENT` for more points than there are nodes for
 * @see Winograd, Arithmetic Complexity of Computations, 1980
 * @see Lavin and Gray, Fast Algorithms for Convolutional Neural Networks, CVPR 2016
 */
export function transforms(tile: number, taps: number): Transforms {
  const points = tile + taps - 1;
  if (tile < 1 || taps < 1 || points > NODES.length + 1) {
    throw new LensError(
      'E_ARGUMENT',
      `F(${tile}, ${taps}): expected 1 to ${NODES.length + 1} points, got ${points}.`,
    );
  }
  const nodes = NODES.slice(0, points - 1);
  const others = (index: number): number[] => nodes.filter((_, other) => other !== index);
  const padded = (row: number[]): number[] => Array.from({ length: points }, (_, i) => row[i] ?? 0);
  const infinity = (length: number): number[] =>
    Array.from({ length }, (_, i) => (i === length - 1 ? 1 : 0));
  return {
    points,
    input: [...nodes.map((_, j) => padded(polynomial(others(j)))), polynomial(nodes)],
    filter: [
      ...nodes.map((node, j) => {
        const scale = others(j).reduce((product, other) => product * (node - other), 1);
        return Array.from({ length: taps }, (_, power) => node ** power / scale);
      }),
      infinity(taps),
    ],
    inverse: Array.from({ length: tile }, (_, power) => [
      ...nodes.map((node) => node ** power),
      power === tile - 1 ? 1 : 0,
    ]),
  };
}
