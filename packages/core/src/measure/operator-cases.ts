import { vjp } from '@convlens/autodiff';
import {
  elementCount,
  float32,
  GraphBuilder,
  type Graph,
  type Parameters,
  type TensorData,
} from '@convlens/onnx';
import { normalNoise } from '../attribution/noise.js';
import type { Executor } from '@convlens/runtime';
import type { Watch } from './measure.js';

/** What a backend answers to one operator case. */
export interface OperatorAnswer {
  /** The operator and what is particular about it. */
  readonly name: string;
  readonly value?: Float32Array;
  /** The vector-Jacobian product for the input. */
  readonly gradient?: Float32Array;
  /** Why there is no answer. */
  readonly error?: string;
}

interface Case {
  readonly name: string;
  readonly op: string;
  readonly x: readonly number[];
  readonly attributes?: Parameters;
  /** Shapes of further inputs with random numbers, or the numbers themselves. */
  readonly others?: readonly (readonly number[] | TensorData)[];
  /** Random numbers become positive: variances. */
  readonly positive?: number;
}

const integers = (...list: number[]): TensorData => ({
  dtype: 'int64',
  shape: [list.length],
  data: BigInt64Array.from(list, BigInt),
});
const none: TensorData = float32(new Float32Array(), [0]);

/** The operators that the four families are made of, in the forms that went wrong on some backend. */
const CASES: readonly Case[] = [
  {
    name: 'Conv 3x3',
    op: 'Conv',
    x: [1, 8, 12, 12],
    attributes: { pads: [1, 1, 1, 1] },
    others: [[8, 8, 3, 3], [8]],
  },
  {
    name: 'Conv 3x3, stride 2, SAME_UPPER',
    op: 'Conv',
    x: [1, 4, 13, 12],
    attributes: { strides: [2, 2], auto_pad: 'SAME_UPPER' },
    others: [[8, 4, 3, 3], [8]],
  },
  { name: 'Conv 1x1', op: 'Conv', x: [1, 16, 8, 8], others: [[8, 16, 1, 1], [8]] },
  {
    name: 'Conv 11x11, stride 4',
    op: 'Conv',
    x: [1, 3, 35, 35],
    attributes: { strides: [4, 4], pads: [2, 2, 2, 2] },
    others: [[8, 3, 11, 11], [8]],
  },
  {
    name: 'Conv of 6 channels',
    op: 'Conv',
    x: [1, 6, 9, 9],
    attributes: { pads: [1, 1, 1, 1] },
    others: [[4, 6, 3, 3], [4]],
  },
  {
    name: 'Conv, dilated',
    op: 'Conv',
    x: [1, 4, 12, 12],
    attributes: { dilations: [2, 2], pads: [2, 2, 2, 2] },
    others: [[4, 4, 3, 3], [4]],
  },
  {
    name: 'Conv, depthwise',
    op: 'Conv',
    x: [1, 8, 10, 10],
    attributes: { group: 8, pads: [1, 1, 1, 1] },
    others: [[8, 1, 3, 3], [8]],
  },
  {
    name: 'Conv, 2 groups',
    op: 'Conv',
    x: [1, 8, 10, 10],
    attributes: { group: 2, pads: [1, 1, 1, 1] },
    others: [[8, 4, 3, 3], [8]],
  },
  {
    name: 'ConvTranspose, stride 2',
    op: 'ConvTranspose',
    x: [1, 4, 6, 6],
    attributes: { strides: [2, 2], pads: [1, 1, 1, 1] },
    others: [[4, 8, 4, 4], [8]],
  },
  {
    name: 'MaxPool 2x2',
    op: 'MaxPool',
    x: [1, 8, 8, 8],
    attributes: { kernel_shape: [2, 2], strides: [2, 2] },
  },
  {
    name: 'MaxPool 3x3, stride 2',
    op: 'MaxPool',
    x: [1, 8, 13, 13],
    attributes: { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] },
  },
  {
    name: 'AveragePool 3x3, stride 2',
    op: 'AveragePool',
    x: [1, 8, 13, 13],
    attributes: { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] },
  },
  { name: 'GlobalAveragePool', op: 'GlobalAveragePool', x: [1, 8, 7, 7] },
  {
    name: 'BatchNormalization',
    op: 'BatchNormalization',
    x: [1, 8, 7, 7],
    others: [[8], [8], [8], [8]],
    positive: 4,
  },
  { name: 'LRN', op: 'LRN', x: [1, 8, 7, 7], attributes: { size: 5 } },
  { name: 'Gemm', op: 'Gemm', x: [2, 48], attributes: { transB: 1 }, others: [[32, 48], [32]] },
  { name: 'MatMul', op: 'MatMul', x: [2, 16, 24], others: [[24, 12]] },
  { name: 'Relu', op: 'Relu', x: [1, 8, 9, 9] },
  { name: 'LeakyRelu', op: 'LeakyRelu', x: [1, 8, 9, 9] },
  { name: 'Sigmoid', op: 'Sigmoid', x: [1, 8, 9, 9] },
  { name: 'Tanh', op: 'Tanh', x: [1, 8, 9, 9] },
  { name: 'Softmax', op: 'Softmax', x: [2, 100], attributes: { axis: -1 } },
  { name: 'Add, broadcast', op: 'Add', x: [2, 8, 7, 7], others: [[1, 8, 1, 1]] },
  {
    name: 'Concat',
    op: 'Concat',
    x: [1, 6, 7, 7],
    attributes: { axis: 1 },
    others: [[1, 10, 7, 7]],
  },
  {
    name: 'Pad, reflected',
    op: 'Pad',
    x: [1, 4, 7, 7],
    attributes: { mode: 'reflect' },
    others: [integers(0, 0, 2, 1, 0, 0, 1, 2)],
  },
  {
    name: 'Resize, bilinear',
    op: 'Resize',
    x: [1, 4, 7, 7],
    attributes: { mode: 'linear' },
    others: [none, float32(Float32Array.of(1, 1, 2, 2), [4])],
  },
];

/** Names of the operator cases, in the order in which they are run. */
export const operatorCases: readonly string[] = CASES.map(({ name }) => name);

const noise = (seed: number, shape: readonly number[]): Float32Array =>
  normalNoise(seed, 1, elementCount(shape), 1)[0]!;

/** The graph of a case, and of its value with the product for a random cotangent. */
function graphOf({ op, x, attributes = {}, others = [], positive }: Case, seed: number): Graph {
  const b = new GraphBuilder({ name: 'case' });
  const inputs = others.map((other, i) => {
    if (other === none) return '';
    const name = `w${i + 1}`;
    if (!Array.isArray(other)) return b.weight(name, other as TensorData);
    const shape = other as readonly number[];
    const data = noise(seed + i + 1, shape);
    return b.weight(name, float32(positive === i + 1 ? data.map((v) => v * v + 0.5) : data, shape));
  });
  b.output(b.emit(op, [b.input('x', x), ...inputs], attributes, 'y'));
  return b.finish();
}

/**
 * Runs operators of the four families on a backend, values and vector-Jacobian products, on seeded numbers: what is
 * compared with another backend's answers to see whether it computes rightly.
 *
 * @param executor the backend
 * @param watch how max-pooling is differentiated there, told how many are done
 * @returns an answer or an error for each of `operatorCases`
 */
export async function runOperatorCases(
  executor: Executor,
  { pool, between = () => undefined }: Watch,
): Promise<OperatorAnswer[]> {
  const answers: OperatorAnswer[] = [];
  for (const [i, one] of CASES.entries()) {
    await between(i);
    const { name } = one;
    try {
      const graph = graphOf(one, 100 * (i + 1));
      const shape = graph.outputs[0]!.shape as number[];
      const { graph: made, gradients } = vjp(graph, {
        cotangents: { y: { constant: float32(noise(100 * i + 99, shape), shape) } },
        wrt: ['x'],
        pool,
        outputs: ['y'],
      });
      const program = await executor.prepare(made);
      try {
        const found = await program.run({ x: float32(noise(100 * i + 98, one.x), one.x) });
        const [value, gradient] = [found.y!, found[gradients.x!]!];
        answers.push({
          name,
          value: value.data as Float32Array,
          gradient: gradient.data as Float32Array,
        });
      } finally {
        await program.dispose();
      }
    } catch (error) {
      answers.push({ name, error: error instanceof Error ? error.message : String(error) });
    }
  }
  return answers;
}
