import { float32, GraphBuilder, LensError, type Graph, type TensorData } from '@convlens/onnx';
import {
  average,
  maximum,
  mixture,
  rectified,
  secondMoment,
  sum,
  type Moments,
} from './moments.js';
import type { ResolvedOptions } from './options.js';
import { fillNormal } from './random.js';

/** A value of the growing graph: a map of `channels` x `height` x `width`, with its expected moments. */
export interface Value extends Moments {
  readonly name: string;
  readonly channels: number;
  readonly height: number;
  readonly width: number;
}

/** A convolution of the growing graph; kernels are square. */
export interface ConvOptions {
  readonly channels: number;
  readonly kernel: number;
  readonly stride?: number;
  readonly pad?: number;
  /** Without it there is no bias, as in front of a batch normalisation. */
  readonly bias?: boolean;
}

/** A pooling window of the growing graph. */
export interface PoolOptions {
  readonly kernel: number | readonly [number, number];
  readonly stride: number | readonly [number, number];
  readonly pad?: number;
}

/** torchvision's, and the operator's own default. */
const EPSILON = 1e-5;
/** Relative scatter of the parameters of batch normalisation, and of biases, around their plain values. */
const SCATTER = 0.1;

function pair(value: number | readonly [number, number]): readonly [number, number] {
  return typeof value === 'number' ? [value, value] : value;
}

/**
 * Builds a graph node by node, with weights.
 *
 * Weights are He-normal (He et al. 2015, "Delving Deep into Rectifiers"): deviation sqrt(2 / fan-in). Batch
 * normalisation gets the running statistics that its input is expected to have, scattered by a tenth, with gamma
 * around 1 and beta around 0; the last dense layer is scaled to scores of variance 1. Every tensor has a random
 * stream of its own, so a folded network is exactly the fold of the unfolded one.
 */
export class NetworkBuilder {
  readonly options: ResolvedOptions;
  readonly #b: GraphBuilder;
  #zeros = new Float32Array(0);

  /** @param options sizes, seed and the rest, with defaults filled in */
  constructor(options: ResolvedOptions) {
    this.options = options;
    this.#b = new GraphBuilder({ opset: 13 });
  }

  /** A channel count times the width factor, at least 1. */
  scaled(channels: number): number {
    return Math.max(1, Math.round(channels * this.options.width));
  }

  /** The image: standardised pixels `[batch, channels, height, width]`. */
  input(): Value {
    const { inputChannels, size } = this.options;
    const [height, width] = size;
    const name = this.#b.input('input', [this.options.batch, inputChannels, height, width]);
    return { name, channels: inputChannels, height, width, mean: 0, variance: 1 };
  }

  /** A convolution alone. */
  conv(x: Value, name: string, options: ConvOptions): Value {
    const weight = this.#kernels(x, name, options);
    const inputs = [x.name, this.#b.weight(`${name}.weight`, weight)];
    if (options.bias === true) {
      inputs.push(this.#b.weight(`${name}.bias`, this.#bias(name, options.channels)));
    }
    return this.#convNode(x, name, inputs, options);
  }

  /** A convolution with batch normalisation: one node, named after the second, when they are folded. */
  convNorm(x: Value, conv: string, norm: string, options: ConvOptions): Value {
    const variance = 2 * secondMoment(x);
    if (!this.options.fold) return this.norm(this.conv(x, conv, options), norm);
    const weight = this.#kernels(x, conv, options);
    const { scale, offset } = this.#affine(norm, options.channels, { mean: 0, variance });
    const each = weight.data.length / options.channels;
    if (!this.options.zeros) {
      for (let at = 0; at < weight.data.length; at += 1) {
        weight.data[at] = (weight.data[at] ?? 0) * (scale[Math.floor(at / each)] ?? 0);
      }
    }
    const own = options.bias === true ? this.#bias(conv, options.channels).data : [];
    const folded = offset.map((value, at) => value + (own[at] ?? 0) * (scale[at] ?? 0));
    const bias = float32(folded, [options.channels]);
    const inputs = [
      x.name,
      this.#b.weight(`${conv}.weight`, weight),
      this.#b.weight(`${conv}.bias`, bias),
    ];
    return { ...this.#convNode(x, norm, inputs, options), mean: 0, variance: 1 };
  }

  /** Batch normalisation with the statistics its input is expected to have. */
  norm(x: Value, name: string): Value {
    const tensors = this.#statistics(name, x.channels, x);
    const inputs = [x.name, ...tensors.map(([key, data]) => this.#b.weight(key, data))];
    this.#b.emit('BatchNormalization', inputs, { epsilon: EPSILON }, name);
    return { ...x, name, mean: 0, variance: 1 };
  }

  /** max(0, x). */
  relu(x: Value, name: string): Value {
    this.#b.emit('Relu', [x.name], {}, name);
    return { ...x, ...rectified(x), name };
  }

  /** The largest number in each window. */
  maxPool(x: Value, name: string, options: PoolOptions): Value {
    return this.#pool(x, 'MaxPool', name, options, maximum(x));
  }

  /** The mean of each window. */
  averagePool(x: Value, name: string, options: PoolOptions): Value {
    return this.#pool(x, 'AveragePool', name, options, average(x));
  }

  /** The mean of each channel. */
  globalPool(x: Value, name: string): Value {
    this.#b.emit('GlobalAveragePool', [x.name], {}, name);
    return { ...x, ...average(x), name, height: 1, width: 1 };
  }

  /**
   * Pooling to a fixed number of windows, which ONNX lacks. Nothing where the map is that size already or smaller;
   * else equal windows with the stride floor(extent / windows), which is what torchvision computes where the extent
   * is a multiple.
   */
  adaptivePool(x: Value, name: string, windows: number): Value {
    const fit = (extent: number): [kernel: number, stride: number] => {
      const stride = extent > windows ? Math.floor(extent / windows) : 1;
      return [extent > windows ? extent - (windows - 1) * stride : 1, stride];
    };
    const [high, down] = fit(x.height);
    const [wide, across] = fit(x.width);
    if (high === 1 && wide === 1) return x;
    return this.averagePool(x, name, { kernel: [high, wide], stride: [down, across] });
  }

  /** The sum of two maps of one shape. */
  add(a: Value, b: Value, name: string): Value {
    this.#b.emit('Add', [a.name, b.name], {}, name);
    return { ...a, ...sum(a, b), name };
  }

  /** Maps put together along the channels. */
  concat(parts: readonly [Value, ...Value[]], name: string): Value {
    const names = parts.map((part) => part.name);
    this.#b.emit('Concat', names, { axis: 1 }, name);
    const channels = parts.reduce((total, part) => total + part.channels, 0);
    return { ...parts[0], ...mixture(parts), name, channels };
  }

  /** The map as a vector. */
  flatten(x: Value, name: string): Value {
    this.#b.emit('Flatten', [x.name], { axis: 1 }, name);
    const channels = x.channels * x.height * x.width;
    return { ...x, name, channels, height: 0, width: 0 };
  }

  /**
   * A dense layer on a vector.
   *
   * @param scores true for the last one: outputs of variance 1 in place of He's
   */
  dense(x: Value, name: string, units: number, scores = false): Value {
    const power = secondMoment(x);
    const deviation = Math.sqrt((scores ? 1 / power : 2) / x.channels);
    const inputs = [
      x.name,
      this.#b.weight(
        `${name}.weight`,
        this.#tensor(`${name}.weight`, [units, x.channels], 0, deviation),
      ),
      this.#b.weight(`${name}.bias`, this.#bias(name, units)),
    ];
    this.#b.emit('Gemm', inputs, { transB: 1 }, name);
    const variance = scores ? 1 : 2 * power;
    return { ...x, name, channels: units, mean: 0, variance };
  }

  /** The graph from the image to `output`. */
  finish(name: string, output: Value): Graph {
    this.#b.output(output.name);
    return { ...this.#b.finish(), name };
  }

  #convNode(x: Value, name: string, inputs: string[], options: ConvOptions): Value {
    const { channels, kernel, stride = 1, pad = 0 } = options;
    const height = this.#extent(name, x.height, kernel, stride, pad);
    const width = this.#extent(name, x.width, kernel, stride, pad);
    const window = { kernel_shape: [kernel, kernel], strides: [stride, stride] };
    this.#b.emit('Conv', inputs, { ...window, pads: [pad, pad, pad, pad] }, name);
    const variance = 2 * secondMoment(x);
    return { name, channels, height, width, mean: 0, variance };
  }

  #pool(x: Value, op: string, name: string, options: PoolOptions, moments: Moments): Value {
    const [high, wide] = pair(options.kernel);
    const [down, across] = pair(options.stride);
    const pad = options.pad ?? 0;
    const height = this.#extent(name, x.height, high, down, pad);
    const width = this.#extent(name, x.width, wide, across, pad);
    const window = { kernel_shape: [high, wide], strides: [down, across] };
    this.#b.emit(op, [x.name], { ...window, pads: [pad, pad, pad, pad] }, name);
    return { ...x, ...moments, name, height, width };
  }

  #extent(name: string, extent: number, kernel: number, stride: number, pad: number): number {
    const result = Math.floor((extent + 2 * pad - kernel) / stride) + 1;
    if (result >= 1) return result;
    const [height, width] = this.options.size;
    throw new LensError(
      'E_SHAPE',
      `${name}: its window of ${kernel} does not fit into the ${extent} pixels that are left of an image of ` +
        `${height} x ${width}. Take a larger inputSize.`,
    );
  }

  /** Weights `[out, in, kernel, kernel]`; not shared with anything unless they are zeros. */
  #kernels(x: Value, name: string, { channels, kernel }: ConvOptions): TensorData<'float32'> {
    const shape = [channels, x.channels, kernel, kernel];
    const fanIn = x.channels * kernel * kernel;
    return this.#tensor(`${name}.weight`, shape, 0, Math.sqrt(2 / fanIn));
  }

  /** Gamma, beta, running mean and running variance, in the order of the operator's inputs. */
  #statistics(name: string, channels: number, { mean, variance }: Moments) {
    const tensor = (key: string, centre: number, scatter: number) => {
      const full = `${name}.${key}`;
      return [full, this.#tensor(full, [channels], centre, scatter)] as const;
    };
    return [
      tensor('weight', 1, SCATTER),
      tensor('bias', 0, SCATTER),
      tensor('running_mean', mean, SCATTER * Math.sqrt(variance)),
      tensor('running_var', variance, SCATTER * variance),
    ] as const;
  }

  /** Batch normalisation as scale * x + offset, one of each a channel. */
  #affine(name: string, channels: number, moments: Moments) {
    const [gamma, beta, mean, variance] = this.#statistics(name, channels, moments);
    const scale = gamma[1].data.map(
      (value, at) => value / Math.sqrt((variance[1].data[at] ?? 0) + EPSILON),
    );
    const offset = beta[1].data.map(
      (value, at) => value - (mean[1].data[at] ?? 0) * (scale[at] ?? 0),
    );
    return { scale, offset };
  }

  #tensor(
    key: string,
    shape: readonly number[],
    mean: number,
    deviation: number,
  ): TensorData<'float32'> {
    const count = shape.reduce((product, extent) => product * extent, 1);
    if (this.options.zeros) {
      if (this.#zeros.length < count) this.#zeros = new Float32Array(count);
      return float32(this.#zeros.subarray(0, count), shape);
    }
    const data = new Float32Array(count);
    fillNormal(data, this.options.seed, key, mean, deviation);
    return float32(data, shape);
  }

  #bias(name: string, channels: number): TensorData<'float32'> {
    return this.#tensor(`${name}.bias`, [channels], 0, SCATTER / 2);
  }
}
