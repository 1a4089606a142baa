// A step of training of a small network, the same in a page and outside of it.
import { float32, type Graph, type Node, type TensorData } from '@convlens/onnx';
import { stepGraph, type StepGraph } from '../../packages/engine/test/support/step-graph.js';

/** Six: as channels of the gradient's convolution, that is a number that a runtime computes wrongly by itself. */
const BATCH = 6;
const SIDE = 8;
const STEPS = 3;

/** Numbers between -1 and 1 without any order. */
function noise(count: number, seed: number, scale = 1): Float32Array {
  return Float32Array.from({ length: count }, (_, i) => {
    const mixed = Math.sin(12.9898 * (i + 1 + 1000 * seed)) * 43758.5453;
    return scale * (2 * (mixed - Math.floor(mixed)) - 1);
  });
}

const tensor = (shape: readonly number[], seed: number, scale?: number): TensorData =>
  float32(
    noise(
      shape.reduce((a, b) => a * b),
      seed,
      scale,
    ),
    shape,
  );

const node = (
  op: string,
  inputs: string[],
  output: string,
  attributes: Node['attributes'] = {},
): Node => ({
  ...{ name: output, op, domain: '', inputs, outputs: [output], attributes },
});
const ints = (...value: number[]) => ({ type: 'ints', value }) as const;

/** Two convolutions, the first with batch normalisation, pooling, and a dense layer; learns by Adam. */
export function step(): StepGraph {
  const ones = (value: number): TensorData => float32(new Float32Array(4).fill(value), [4]);
  const network: Graph = {
    ...{ name: 'small', opset: 17, otherOpsets: {}, producer: '', values: new Map() },
    inputs: [{ name: 'x', dtype: 'float32', shape: [BATCH, 3, SIDE, SIDE] }],
    outputs: [{ name: 'scores', dtype: 'float32', shape: undefined }],
    nodes: [
      node('Conv', ['x', 'w1'], 'c1', { pads: ints(1, 1, 1, 1) }),
      node('BatchNormalization', ['c1', 'scale', 'shift', 'mean', 'variance'], 'n1'),
      node('Relu', ['n1'], 'r1'),
      node('MaxPool', ['r1'], 'p1', { kernel_shape: ints(2, 2), strides: ints(2, 2) }),
      node('Conv', ['p1', 'w2', 'b2'], 'c2', { strides: ints(2, 2), pads: ints(1, 1, 1, 1) }),
      node('Tanh', ['c2'], 't2'),
      node('Flatten', ['t2'], 'f'),
      node('Gemm', ['f', 'w3', 'b3'], 'scores', { transB: { type: 'int', value: 1 } }),
    ],
    initializers: new Map([
      ['w1', tensor([4, 3, 3, 3], 1, 0.3)],
      ['scale', ones(1)],
      ['shift', ones(0)],
      ['mean', ones(0)],
      ['variance', ones(1)],
      ['w2', tensor([8, 4, 3, 3], 2, 0.3)],
      ['b2', tensor([8], 3, 0.1)],
      ['w3', tensor([5, 32], 4, 0.3)],
      ['b3', tensor([5], 5, 0.1)],
    ]),
    metadata: new Map(),
  };
  return stepGraph(
    network,
    BATCH,
    { kind: 'adam', lr: 0.01, betas: [0.9, 0.999], eps: 1e-4 },
    'portable',
  );
}

/** What the steps are fed. */
export function batches(): readonly Readonly<Record<string, TensorData>>[] {
  return Array.from({ length: STEPS }, (_, i) => ({
    x: tensor([BATCH, 3, SIDE, SIDE], 10 + i),
    t: {
      dtype: 'int64' as const,
      shape: [BATCH],
      data: BigInt64Array.from({ length: BATCH }, (_, j) => BigInt((3 * j + i) % 5)),
    },
  }));
}
