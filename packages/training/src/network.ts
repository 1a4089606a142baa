import { GraphBuilder, float32, LensError, type Graph } from '@convlens/onnx';
import { firstBiases, firstWeights, type Fans } from './initial-weights.js';
import type { Extents, Layer, NetworkRecipe, Padding } from './layers.js';
import type { Convention } from './optimizers.js';

/** How batch normalisation averages, and what it adds to the variance. */
const BATCH_NORM = {
  pytorch: { momentum: 0.9, epsilon: 1e-5 },
  keras: { momentum: 0.99, epsilon: 1e-3 },
} as const;

/** What layers are called in names of weights and values: `conv1`, `fc2`. */
const NAMES: Readonly<Record<Layer['kind'], string>> = {
  dense: 'fc',
  conv: 'conv',
  'max-pool': 'pool',
  'average-pool': 'pool',
  relu: 'relu',
  tanh: 'tanh',
  sigmoid: 'sigmoid',
  flatten: 'flatten',
  'batch-norm': 'bn',
  dropout: 'dropout',
  residual: 'add',
};

/** A value of the network: its name, and its extents without the batch. */
interface Value {
  readonly name: string;
  readonly shape: readonly number[];
}

const both = (extents: Extents): readonly [number, number] =>
  typeof extents === 'number' ? [extents, extents] : extents;

class Writer {
  readonly b: GraphBuilder;
  readonly #convention: Convention;
  readonly #seed: number;
  readonly #counts = new Map<string, number>();

  constructor({ name, convention = 'pytorch', seed = 0 }: NetworkRecipe) {
    this.b = new GraphBuilder({ name });
    this.#convention = convention;
    this.#seed = seed;
  }

  layers(layers: readonly Layer[], from: Value, path: string): Value {
    return layers.reduce((value, layer, at) => this.#layer(layer, value, `${path}[${at}]`), from);
  }

  #layer(layer: Layer, from: Value, path: string): Value {
    const where = `${path} (${layer.kind})`;
    const label = NAMES[layer.kind];
    // Layers inside of a residual sum are counted before the sum itself.
    const inside = layer.kind === 'residual' ? this.#residual(layer, from, path, where) : undefined;
    const count = (this.#counts.get(label) ?? 0) + 1;
    this.#counts.set(label, count);
    const id = `${label}${count}`;
    switch (layer.kind) {
      case 'dense':
        return this.#dense(layer, from, id, where);
      case 'conv':
        return this.#conv(layer, from, id, where);
      case 'max-pool':
      case 'average-pool':
        return this.#pool(layer, from, id, where);
      case 'batch-norm':
        return this.#batchNorm(from, id);
      case 'dropout':
        inRange(where, 'ratio', layer.ratio, 0, 0.99);
        return { ...from, name: this.b.emit('Dropout', [from.name], { ratio: layer.ratio }, id) };
      case 'flatten': {
        const length = from.shape.reduce((product, extent) => product * extent, 1);
        return { name: this.b.emit('Flatten', [from.name], {}, id), shape: [length] };
      }
      case 'residual':
        return {
          ...inside![0],
          name: this.b.emit(
            'Add',
            inside!.map(({ name }) => name),
            {},
            id,
          ),
        };
      case 'relu':
      case 'tanh':
      case 'sigmoid': {
        const op = { relu: 'Relu', tanh: 'Tanh', sigmoid: 'Sigmoid' }[layer.kind];
        return { ...from, name: this.b.emit(op, [from.name], {}, id) };
      }
    }
  }

  #weights(
    id: string,
    shape: readonly number[],
    fans: Fans,
    bias: boolean,
    unsigned = false,
  ): string[] {
    const named = (what: string): string => `${id}.${what}`;
    const weight = named('weight');
    const first = firstWeights(this.#convention, shape, fans, this.#seed, weight);
    const taken = unsigned ? float32(first.data.map(Math.abs), first.shape) : first;
    const names = [this.b.weight(weight, taken)];
    if (!bias) return names;
    const [units = 1] = shape;
    const biases = firstBiases(this.#convention, units, fans, this.#seed, named('bias'));
    return [...names, this.b.weight(named('bias'), biases)];
  }

  #dense(layer: Extract<Layer, { kind: 'dense' }>, from: Value, id: string, where: string): Value {
    whole(where, 'units', layer.units);
    const flat = from.shape.length === 1 ? from : this.#layer({ kind: 'flatten' }, from, where);
    const [length = 1] = flat.shape;
    const fans = { fanIn: length, fanOut: layer.units };
    const { units, bias = true, positive = false } = layer;
    const weights = this.#weights(id, [units, length], fans, bias, positive);
    const name = this.b.emit('Gemm', [flat.name, ...weights], { transB: 1 }, id);
    return { name, shape: [layer.units] };
  }

  #conv(layer: Extract<Layer, { kind: 'conv' }>, from: Value, id: string, where: string): Value {
    const { filters, groups = 1, bias = true } = layer;
    const [channels] = maps(where, from);
    whole(where, 'filters', filters);
    whole(where, 'groups', groups);
    if (channels % groups !== 0 || filters % groups !== 0) {
      throw refused(
        where,
        `groups that divide its ${channels} channels and ${filters} filters`,
        groups,
      );
    }
    const window = windowOf(where, from, layer.kernel, layer.stride ?? 1, layer.padding);
    const [height, width] = window.kernel_shape;
    const fans = {
      fanIn: (channels / groups) * height * width,
      fanOut: (filters / groups) * height * width,
    };
    const shape = [filters, channels / groups, height, width];
    const weights = this.#weights(id, shape, fans, bias);
    const { to, ...told } = window;
    const name = this.b.emit('Conv', [from.name, ...weights], { ...told, group: groups }, id);
    return { name, shape: [filters, ...to] };
  }

  #pool(
    layer: Extract<Layer, { kind: 'max-pool' | 'average-pool' }>,
    from: Value,
    id: string,
    where: string,
  ): Value {
    const [channels] = maps(where, from);
    const { to, ...told } = windowOf(
      where,
      from,
      layer.size,
      layer.stride ?? layer.size,
      layer.padding,
    );
    const op = layer.kind === 'max-pool' ? 'MaxPool' : 'AveragePool';
    return { name: this.b.emit(op, [from.name], told, id), shape: [channels, ...to] };
  }

  #batchNorm(from: Value, id: string): Value {
    const [channels = 1] = from.shape;
    const filled = (what: string, value: number): string =>
      this.b.weight(`${id}.${what}`, float32(new Float32Array(channels).fill(value), [channels]));
    const inputs = [
      ...[from.name, filled('weight', 1), filled('bias', 0)],
      ...[filled('running_mean', 0), filled('running_var', 1)],
    ];
    const told = BATCH_NORM[this.#convention];
    return { ...from, name: this.b.emit('BatchNormalization', inputs, told, id) };
  }

  #residual(
    { layers, shortcut = [] }: Extract<Layer, { kind: 'residual' }>,
    from: Value,
    path: string,
    where: string,
  ): readonly [Value, Value] {
    const made = this.layers(layers, from, `${path}.layers`);
    const beside = this.layers(shortcut, from, `${path}.shortcut`);
    if (made.shape.join() === beside.shape.join()) return [made, beside];
    throw new LensError(
      'E_SHAPE',
      `${where}: its layers make [${made.shape.join(', ')}], but beside them is [${beside.shape.join(', ')}]. ` +
        'Give it a shortcut that makes the same.',
    );
  }
}

function refused(where: string, expected: string, got: unknown): LensError {
  return new LensError('E_ARGUMENT', `${where}: expected ${expected}, got ${String(got)}.`);
}

function whole(where: string, what: string, value: number): void {
  if (Number.isInteger(value) && value > 0 && value < 1e6) return;
  throw refused(where, `${what} to be a whole number above 0`, value);
}

function inRange(where: string, what: string, value: number, low: number, high: number): void {
  if (value >= low && value <= high) return;
  throw refused(where, `${what} from ${low} to ${high}`, value);
}

/** Extents of maps; a layer that needs maps says so where it gets a list. */
function maps(where: string, { shape }: Value): readonly [number, number, number] {
  if (shape.length === 3) return shape as unknown as [number, number, number];
  throw new LensError(
    'E_SHAPE',
    `${where}: expected maps [channels, height, width], got [${shape.join(', ')}]. Put it before what flattens.`,
  );
}

interface Window {
  readonly kernel_shape: readonly [number, number];
  readonly strides: readonly [number, number];
  readonly pads: readonly number[];
  readonly to: readonly [number, number];
}

function windowOf(
  where: string,
  from: Value,
  kernel: Extents,
  stride: Extents,
  padding: Padding = 'valid',
): Window {
  const [, ...extents] = maps(where, from);
  const [kernels, strides] = [both(kernel), both(stride)];
  for (const extent of kernels) whole(where, 'the window', extent);
  for (const extent of strides) whole(where, 'the stride', extent);
  if (typeof padding === 'number') inRange(where, 'padding', padding, 0, 1000);
  const sides = extents.map((extent, axis): readonly [number, number] => {
    if (padding === 'valid') return [0, 0];
    if (padding !== 'same') return [padding, padding];
    const [k, s] = [kernels[axis]!, strides[axis]!];
    const missing = Math.max(0, (Math.ceil(extent / s) - 1) * s + k - extent);
    return [Math.floor(missing / 2), Math.ceil(missing / 2)];
  });
  const to = extents.map((extent, axis) => {
    const room = extent + sides[axis]![0] + sides[axis]![1] - kernels[axis]!;
    return Math.floor(room / strides[axis]!) + 1;
  });
  if (to.some((extent) => extent < 1)) {
    throw new LensError(
      'E_SHAPE',
      `${where}: a window of ${kernels.join(' x ')} does not fit into [${from.shape.join(', ')}]. Take a smaller one, or pad.`,
    );
  }
  return {
    kernel_shape: kernels,
    strides,
    pads: [0, 1].flatMap((end) => sides.map((side) => side[end]!)),
    to: to as [number, number],
  };
}

/**
 * Makes a small network of its layers, with first weights. Weights are called after their layers (`conv1.weight`, `fc2.bias`,
 * `bn1.running_mean`), values too (`conv1`, `relu1`); the input is `x`, the scores are the last layer's.
 *
 * @param recipe layers as data
 * @returns ONNX, operator set 17, with an open batch
 * @throws LensError `E_ARGUMENT`, `E_SHAPE`, which name the layer and its shapes
 */
export function buildNetwork(recipe: NetworkRecipe): Graph {
  const writer = new Writer(recipe);
  const input = writer.b.input('x', ['N', ...recipe.input]);
  const scores = writer.layers(recipe.layers, { name: input, shape: recipe.input }, 'layers');
  if (scores.shape.length !== 1) {
    throw new LensError(
      'E_SHAPE',
      `Expected the layers to end with scores [classes], got [${scores.shape.join(', ')}]. Add a dense layer.`,
    );
  }
  writer.b.output(scores.name);
  return writer.b.finish();
}
