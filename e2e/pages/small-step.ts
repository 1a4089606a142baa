// A step of training of a small network, the same in a page and outside of it.
import { float32, GraphBuilder, type Graph, type TensorData } from '@convlens/onnx';
import { oneHot, type StepOptions } from '@convlens/training';

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

/** Two convolutions, the first with batch normalisation, pooling, and a dense layer. */
export function network(): Graph {
  const b = new GraphBuilder({ name: 'small' });
  const ones = (name: string, value: number): string =>
    b.weight(name, float32(new Float32Array(4).fill(value), [4]));
  const weight = (name: string, shape: readonly number[], seed: number, scale: number): string =>
    b.weight(name, tensor(shape, seed, scale));
  const x = b.input('x', [BATCH, 3, SIDE, SIDE]);
  const pads = [1, 1, 1, 1];
  const c1 = b.emit('Conv', [x, weight('w1', [4, 3, 3, 3], 1, 0.3)], { pads });
  const statistics = [ones('scale', 1), ones('shift', 0), ones('mean', 0), ones('variance', 1)];
  const r1 = b.emit('Relu', [b.emit('BatchNormalization', [c1, ...statistics])]);
  const p1 = b.emit('MaxPool', [r1], { kernel_shape: [2, 2], strides: [2, 2] });
  const second = [weight('w2', [8, 4, 3, 3], 2, 0.3), weight('b2', [8], 3, 0.1)];
  const t2 = b.emit('Tanh', [b.emit('Conv', [p1, ...second], { strides: [2, 2], pads })]);
  const dense = [weight('w3', [5, 32], 4, 0.3), weight('b3', [5], 5, 0.1)];
  b.output(b.emit('Gemm', [b.emit('Flatten', [t2]), ...dense], { transB: 1 }), 'scores');
  return b.finish();
}

/** How it learns. */
export const options: StepOptions = {
  batch: BATCH,
  loss: { kind: 'cross_entropy' },
  optimizer: { kind: 'adam', lr: 0.01, betas: [0.9, 0.999], eps: 1e-4 },
};

/** A batch, as a trainer takes it. */
export interface Batch {
  readonly images: TensorData;
  readonly targets: TensorData;
}

/** What the steps are fed. */
export function batches(): readonly Batch[] {
  return Array.from({ length: STEPS }, (_, i) => ({
    images: tensor([BATCH, 3, SIDE, SIDE], 10 + i),
    targets: oneHot(
      Array.from({ length: BATCH }, (_, j) => (3 * j + i) % 5),
      5,
    ),
  }));
}
