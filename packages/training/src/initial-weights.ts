import { randomWords } from '@convlens/adapters/builders';
import { float32, type TensorData } from '@convlens/onnx';
import type { Convention } from './optimizers.js';

/** A layer with weights, as initialisation sees it. */
export interface Fans {
  /** Numbers that each unit reads, and units that each number is read by. */
  readonly fanIn: number;
  readonly fanOut: number;
}

function uniform(
  shape: readonly number[],
  bound: number,
  seed: number,
  name: string,
): TensorData<'float32'> {
  const words = randomWords(seed, name);
  const count = shape.reduce((product, extent) => product * extent, 1);
  const data = new Float32Array(count);
  for (let i = 0; i < count; i++) data[i] = (bound * words()) / 2 ** 31;
  return float32(data, shape);
}

/**
 * First weights of a dense or convolutional layer. PyTorch: uniform within 1 / sqrt(fan in) (Kaiming uniform with a = sqrt 5);
 * Keras: uniform within sqrt(6 / (fan in + fan out)) (Glorot and Bengio 2010).
 *
 * @param convention whose
 * @param shape of the weights
 * @param fans of the layer
 * @param seed of the network
 * @param name of the weights: other names, other numbers
 */
export function firstWeights(
  convention: Convention,
  shape: readonly number[],
  { fanIn, fanOut }: Fans,
  seed: number,
  name: string,
): TensorData<'float32'> {
  const bound = convention === 'keras' ? Math.sqrt(6 / (fanIn + fanOut)) : 1 / Math.sqrt(fanIn);
  return uniform(shape, bound, seed, name);
}

/**
 * First biases: as the weights in PyTorch, 0 in Keras.
 *
 * @param convention whose
 * @param units how many
 * @param fans of the layer
 * @param seed of the network
 * @param name of the biases
 */
export function firstBiases(
  convention: Convention,
  units: number,
  { fanIn }: Fans,
  seed: number,
  name: string,
): TensorData<'float32'> {
  if (convention === 'keras') return float32(new Float32Array(units), [units]);
  return uniform([units], 1 / Math.sqrt(fanIn), seed, name);
}
