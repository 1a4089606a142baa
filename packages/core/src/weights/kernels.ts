import { LensError, type TensorData } from '@convlens/onnx';
import type { Layer, Network } from '@convlens/adapters';
import { findLayer } from '../feature-maps/feature-maps.js';

/** The learnt weights of one layer, ready to be drawn: for every unit one small picture an input channel. */
export interface Kernels {
  readonly layer: string;
  /** Units of the layer, and how many of them `data` holds (the first ones; fewer for very large layers). */
  readonly units: number;
  readonly held: number;
  /** Input channels each unit reads (those of its group). */
  readonly inputs: number;
  readonly height: number;
  readonly width: number;
  /** True when the inputs are the red, green and blue of the image, in that order. */
  readonly colour: boolean;
  /** `[held, inputs, height, width]`, row-major. */
  readonly data: Float32Array;
  /** One number a unit, for all units that are held. */
  readonly low: Float32Array;
  readonly high: Float32Array;
  readonly mean: Float32Array;
  /** Euclidean norm of each unit's weights. */
  readonly norm: Float32Array;
}

/** Weights shown at once, in numbers; beyond this only the first units are given. */
const LIMIT = 8 * 2 ** 20;

/** Which layers have weights that `kernels` can show. */
export function hasKernels(layer: Layer): boolean {
  return layer.weight !== undefined;
}

/** Extents of a layer's weights as units x inputs x height x width. */
function extents(layer: Layer, weight: TensorData): [number, number, number, number] {
  const { shape } = weight;
  if (shape.length === 4) return shape as unknown as [number, number, number, number];
  if (shape.length === 2) {
    const [rows = 1, columns = 1] = shape;
    const [units, inputs] = layer.weightOrder === 'in-out' ? [columns, rows] : [rows, columns];
    const [channels, height, width] = layer.flattened ?? [inputs, 1, 1];
    if (channels * height * width === inputs) return [units, channels, height, width];
    return [units, inputs, 1, 1];
  }
  throw new LensError(
    'E_SHAPE',
    `Layer "${layer.id}": expected weights of a 2-D convolution or a dense layer, got shape [${shape.join(', ')}].`,
  );
}

/**
 * The kernels of a convolution (K x K slices), or the rows of a dense layer folded back to the map they read
 * (weight images). Kernels that read the image itself come in the order red, green, blue, whatever order the
 * network's preprocessing has.
 *
 * @param network the network
 * @param id layer id
 * @throws LensError `E_LAYER_UNKNOWN`; `E_ARGUMENT` for a layer that has no weights
 */
export function kernels(network: Network, id: string): Kernels {
  const layer = findLayer(network, id);
  const weight =
    layer.weight === undefined ? undefined : network.graph.initializers.get(layer.weight);
  if (weight?.dtype !== 'float32') {
    const having = network.layers.filter(hasKernels).map((candidate) => candidate.id);
    throw new LensError(
      'E_ARGUMENT',
      `Layer "${id}" has no weights to show. Layers that have: ${having.join(', ')}.`,
    );
  }
  const [units, inputs, height, width] = extents(layer, weight);
  const size = inputs * height * width;
  const held = Math.max(1, Math.min(units, Math.floor(LIMIT / size)));
  const source = weight.data as Float32Array;
  const data = new Float32Array(held * size);
  if (layer.weightOrder === 'in-out' && weight.shape.length === 2) {
    for (let unit = 0; unit < held; unit++) {
      for (let i = 0; i < size; i++) data[unit * size + i] = source[i * units + unit]!;
    }
  } else {
    data.set(source.subarray(0, held * size));
  }
  const onImage = layer.id === network.firstConv || layer.from.length === 0;
  const colour = onImage && inputs === 3 && network.input.shape[0] === 3;
  if (colour && network.preprocessing.channelOrder === 'BGR') swapRedAndBlue(data, height * width);
  return { layer: id, units, held, inputs, height, width, colour, data, ...summary(data, held) };
}

function swapRedAndBlue(data: Float32Array, plane: number): void {
  for (let at = 0; at < data.length; at += 3 * plane) {
    const first = data.slice(at, at + plane);
    data.copyWithin(at, at + 2 * plane, at + 3 * plane);
    data.set(first, at + 2 * plane);
  }
}

function summary(
  data: Float32Array,
  units: number,
): Pick<Kernels, 'low' | 'high' | 'mean' | 'norm'> {
  const size = data.length / units;
  const low = new Float32Array(units);
  const high = new Float32Array(units);
  const mean = new Float32Array(units);
  const norm = new Float32Array(units);
  for (let unit = 0; unit < units; unit++) {
    let least = Infinity;
    let most = -Infinity;
    let sum = 0;
    let squares = 0;
    for (let i = unit * size; i < (unit + 1) * size; i++) {
      const value = data[i]!;
      least = Math.min(least, value);
      most = Math.max(most, value);
      sum += value;
      squares += value * value;
    }
    low[unit] = least;
    high[unit] = most;
    mean[unit] = sum / size;
    norm[unit] = Math.sqrt(squares);
  }
  return { low, high, mean, norm };
}
