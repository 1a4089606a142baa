import { elementCount, type Graph, type TensorData } from '@convlens/onnx';
import { vjp, writeOut, type PoolLowering } from '../../src/index.js';
import { inDouble } from './double.js';
import { noise, relativeError, run, type Arrays } from './run.js';

/** How to compare a product with finite differences. */
export interface Comparison {
  /** Inputs to differentiate with respect to; all by default. */
  readonly wrt?: readonly string[];
  /** These inputs become weights for the differentiation. */
  readonly weights?: readonly string[];
  /** Maps the random numbers in [-1, 1) into the domain. */
  readonly domain?: (value: number, input: string) => number;
  readonly pool?: PoolLowering;
  readonly seed?: number;
}

function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let total = 0;
  for (let i = 0; i < a.length; i++) total += a[i]! * b[i]!;
  return total;
}

/**
 * Half the distance of the two points. In float64 both curvature and rounding then leave errors of about 1e-10, and no
 * element of a test comes so close to a kink.
 */
const STEP = 1e-5;

/**
 * What a right product may differ by: it is computed in float32, as users compute it, and the differences in float64.
 * Differences in float32 themselves could not tell errors below 1e-3.
 */
export const tolerance = 1e-6;

/**
 * The worst difference between products of the first output and central differences in float64, over the inputs,
 * relative to the length of the product: along the product itself, where the derivative is its length, and along a
 * random direction.
 *
 * @throws Error when the float64 computation is not that of the runtime
 */
export async function differenceError(graph: Graph, options: Comparison = {}): Promise<number> {
  const { domain = (value) => value, seed = 1 } = options;
  const names = graph.inputs.map(({ name }) => name);
  const feeds: Record<string, Float32Array> = {};
  graph.inputs.forEach(({ name, shape }, i) => {
    const data = noise(elementCount(shape as number[]), seed + 10 * i);
    feeds[name] = data.map((value) => domain(value, name));
  });
  const y = graph.outputs[0]!;
  const dy = noise(elementCount(y.shape as number[]), seed + 5);
  const cotangents = { [y.name]: { input: 'dy' } };
  const wrt = options.wrt ?? names;
  const program = withWeights(graph, options.weights ?? [], feeds);
  const product = vjp(program, { cotangents, wrt, pool: options.pool ?? 'indices' });
  const results = await run(product.graph, { ...feeds, dy });
  const plain = writeOut(graph);
  const evaluate = await inDouble(plain);
  const doubles = Object.fromEntries(names.map((name) => [name, Float64Array.from(feeds[name]!)]));
  const values = (await run(plain, feeds))[y.name]!;
  const departure = relativeError(values, await evaluate(doubles));
  if (!(departure < tolerance)) throw new Error(`The float64 value departs by ${departure}.`);
  let worst = 0;
  for (const name of wrt) {
    const gradient = results[product.gradients[name]!]!;
    const length = Math.sqrt(dot(gradient, gradient));
    if (!(length > 0)) return NaN;
    const random = noise(gradient.length, seed + 7);
    const scale = Math.sqrt(dot(random, random));
    const directions = [[gradient, length] as const, [random, scale] as const].map(([list, by]) =>
      Float64Array.from(list, (v) => v / by),
    );
    for (const direction of directions) {
      const move = (by: number): Promise<Float64Array> =>
        evaluate({ ...doubles, [name]: doubles[name]!.map((v, i) => v + by * direction[i]!) });
      const [ahead, behind] = [await move(STEP), await move(-STEP)];
      const difference = (dot(ahead, dy) - dot(behind, dy)) / (2 * STEP);
      worst = Math.max(worst, Math.abs(difference - dot(gradient, direction)) / length);
    }
  }
  return worst;
}

function withWeights(graph: Graph, weights: readonly string[], feeds: Arrays): Graph {
  const initializers = new Map(graph.initializers);
  for (const { name, shape } of graph.inputs) {
    if (!weights.includes(name)) continue;
    const tensor: TensorData = { dtype: 'float32', shape: shape as number[], data: feeds[name]! };
    initializers.set(name, tensor);
  }
  return {
    ...graph,
    initializers,
    inputs: graph.inputs.filter(({ name }) => !weights.includes(name)),
  };
}
