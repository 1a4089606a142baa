import { elementCount, write, type Graph, type TensorData } from '@convlens/onnx';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { vjp, type PoolLowering } from '../../src/index.js';
import { noise, run, type Arrays } from './run.js';

/** How to compare a product with finite differences. */
export interface Comparison {
  /** Inputs to differentiate with respect to; all by default. */
  readonly wrt?: readonly string[];
  /** These inputs become weights for the differentiation. */
  readonly weights?: readonly string[];
  /** Maps the random numbers in [-1, 1) into the domain. */
  readonly domain?: (value: number, input: string) => number;
  /** Half the distance of the two points; larger steps round less, smaller ones see less curvature. */
  readonly step?: number;
  readonly pool?: PoolLowering;
  readonly seed?: number;
}

/** Runs a graph many times. */
async function evaluator(graph: Graph): Promise<(feeds: Arrays) => Promise<Float32Array>> {
  const session = await InferenceSession.create(write(graph), {
    logSeverityLevel: 3,
    intraOpNumThreads: 1,
  });
  return async (feeds) => {
    const tensors = graph.inputs.map(({ name, shape }) => [
      name,
      new Tensor('float32', feeds[name]!, shape as number[]),
    ]);
    const results = await session.run(Object.fromEntries(tensors) as Record<string, Tensor>);
    return results[graph.outputs[0]!.name]!.data as Float32Array;
  };
}

function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let total = 0;
  for (let i = 0; i < a.length; i++) total += a[i]! * b[i]!;
  return total;
}

/**
 * The worst difference between products of the first output and central differences, over the inputs, relative to
 * the length of the product: along the product itself, where the derivative is its length, and along a random
 * direction.
 */
export async function differenceError(graph: Graph, options: Comparison = {}): Promise<number> {
  const { domain = (value) => value, step = 1e-2, seed = 1 } = options;
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
  const evaluate = await evaluator(graph);
  let worst = 0;
  for (const name of wrt) {
    const gradient = results[product.gradients[name]!]!;
    const length = Math.sqrt(dot(gradient, gradient));
    if (!(length > 0)) return NaN;
    const random = noise(gradient.length, seed + 7);
    const scale = Math.sqrt(dot(random, random));
    for (const direction of [gradient.map((v) => v / length), random.map((v) => v / scale)]) {
      const move = (by: number): Promise<Float32Array> =>
        evaluate({ ...feeds, [name]: feeds[name]!.map((v, i) => v + by * direction[i]!) });
      const [ahead, behind] = [await move(step), await move(-step)];
      const difference = (dot(ahead, dy) - dot(behind, dy)) / (2 * step);
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
