import { inferShapes, read, write } from '@convlens/onnx';
import { describe, expect, it } from 'vitest';
import { buildNetwork, type Layer, type NetworkRecipe } from '../src/index.js';

const recipe = (layers: readonly Layer[], more: Partial<NetworkRecipe> = {}): NetworkRecipe => ({
  ...{ name: 'small', input: [3, 9, 9], layers },
  ...more,
});

/** Shapes of all values of a network, with a batch of one. */
function shapesOf(of: NetworkRecipe): ReadonlyMap<string, readonly unknown[] | undefined> {
  const graph = inferShapes(read(write(buildNetwork(of))), { batch: 1 });
  return new Map([...graph.values].map(([name, { shape }]) => [name, shape]));
}

describe('a network of layers', () => {
  it('has the shapes that its layers say, padding and strides of every kind', () => {
    const shapes = shapesOf(
      recipe([
        { kind: 'conv', filters: 4, kernel: 4, padding: 'same', stride: 2 },
        { kind: 'batch-norm' },
        { kind: 'relu' },
        { kind: 'conv', filters: 6, kernel: [3, 1], padding: 1, groups: 2, bias: false },
        { kind: 'max-pool', size: 2 },
        { kind: 'average-pool', size: 2, stride: 1, padding: 'same' },
        { kind: 'dropout', ratio: 0.5 },
        { kind: 'tanh' },
        { kind: 'dense', units: 5 },
        { kind: 'sigmoid' },
        { kind: 'dense', units: 2, bias: false },
      ]),
    );
    expect(shapes.get('conv1')).toEqual([1, 4, 5, 5]);
    expect(shapes.get('conv2')).toEqual([1, 6, 5, 7]);
    expect(shapes.get('pool1')).toEqual([1, 6, 2, 3]);
    expect(shapes.get('pool2')).toEqual([1, 6, 2, 3]);
    expect(shapes.get('flatten1')).toEqual([1, 36]);
    expect(shapes.get('fc2')).toEqual([1, 2]);
  });

  it('adds what layers make to their input, or to what a shortcut makes of it', () => {
    const shapes = shapesOf(
      recipe([
        { kind: 'conv', filters: 4, kernel: 3, padding: 1 },
        { kind: 'residual', layers: [{ kind: 'conv', filters: 4, kernel: 3, padding: 'same' }] },
        {
          kind: 'residual',
          layers: [{ kind: 'conv', filters: 8, kernel: 3, padding: 'same', stride: 2 }],
          shortcut: [{ kind: 'conv', filters: 8, kernel: 1, stride: 2 }],
        },
        { kind: 'dense', units: 2 },
      ]),
    );
    expect(shapes.get('add1')).toEqual([1, 4, 9, 9]);
    expect(shapes.get('add2')).toEqual([1, 8, 5, 5]);
  });

  it.each<[readonly Layer[], RegExp]>([
    [
      [{ kind: 'conv', filters: 4, kernel: 11 }],
      /layers\[0\] \(conv\): a window of 11 x 11 does not fit into \[3, 9, 9\]/,
    ],
    [
      [{ kind: 'conv', filters: 4, kernel: 3, groups: 2 }],
      /layers\[0\] \(conv\): expected groups that divide its 3 channels and 4 filters, got 2/,
    ],
    [
      [
        { kind: 'dense', units: 4 },
        { kind: 'max-pool', size: 2 },
      ],
      /layers\[1\] \(max-pool\): expected maps .*got \[4\]/,
    ],
    [[{ kind: 'dense', units: 1.5 }], /layers\[0\] \(dense\): expected units to be a whole number/],
    [
      [{ kind: 'dropout', ratio: 1 }],
      /layers\[0\] \(dropout\): expected ratio from 0 to 0.99, got 1/,
    ],
    [
      [{ kind: 'residual', layers: [{ kind: 'conv', filters: 2, kernel: 3 }] }],
      /layers\[0\] \(residual\): its layers make \[2, 7, 7\], but beside them is \[3, 9, 9\]/,
    ],
    [[{ kind: 'relu' }], /end with scores \[classes\], got \[3, 9, 9\]/],
  ])('says which layer is wrong: %j', (layers, message) => {
    expect(() => buildNetwork(recipe(layers))).toThrow(message);
  });
});

describe('first weights', () => {
  const layers: readonly Layer[] = [
    { kind: 'conv', filters: 64, kernel: 3 },
    { kind: 'dense', units: 10 },
  ];
  const weightsOf = (more: Partial<NetworkRecipe>, name: string): Float32Array =>
    buildNetwork(recipe(layers, more)).initializers.get(name)!.data as Float32Array;
  const most = (of: Float32Array): number => Math.max(...of.map(Math.abs));
  const deviation = (of: Float32Array): number =>
    Math.sqrt(of.reduce((sum, v) => sum + v * v, 0) / of.length);

  it("are uniform within PyTorch's bounds, biases too", () => {
    const bound = 1 / Math.sqrt(27);
    const weights = weightsOf({}, 'conv1.weight');
    expect(most(weights)).toBeLessThanOrEqual(bound);
    expect(deviation(weights)).toBeCloseTo(bound / Math.sqrt(3), 2);
    expect(most(weightsOf({}, 'conv1.bias'))).toBeGreaterThan(0.8 * bound);
  });

  it("are uniform within Keras's, with biases of 0", () => {
    const bound = Math.sqrt(6 / (27 + 9 * 64));
    const weights = weightsOf({ convention: 'keras' }, 'conv1.weight');
    expect(most(weights)).toBeLessThanOrEqual(bound);
    expect(deviation(weights)).toBeCloseTo(bound / Math.sqrt(3), 2);
    expect(most(weightsOf({ convention: 'keras' }, 'fc1.bias'))).toBe(0);
  });

  it('are the same with the same seed, and others with another', () => {
    expect(weightsOf({ seed: 3 }, 'fc1.weight')).toEqual(weightsOf({ seed: 3 }, 'fc1.weight'));
    expect(weightsOf({ seed: 4 }, 'fc1.weight')).not.toEqual(weightsOf({ seed: 3 }, 'fc1.weight'));
  });
});
