import { elementCount, inferShapes, read, type Graph } from '@convlens/onnx';
import { describe, expect, it } from 'vitest';
import { upgrade } from '../src/index.js';
import { build, floats, type Plain } from './support/build.js';
import { noise, run, worstError } from './support/run.js';
import { has, load } from './support/shared.js';

async function difference(graph: Graph): Promise<number> {
  const feeds = Object.fromEntries(
    graph.inputs.map(({ name, shape }) => [name, noise(elementCount(shape as number[]), 3)]),
  );
  const upgraded = upgrade(graph);
  expect(upgraded.opset).toBe(17);
  const [old, fresh] = [await run(graph, feeds), await run(upgraded, feeds)];
  const errors = graph.outputs.map(({ name }) => worstError(fresh[name]!, old[name]!));
  return Math.max(...errors);
}

describe('old operators in version 17', () => {
  it.each<[string, number[], Plain, number]>([
    ['Clip', [3, 4], { min: { float: -0.5 }, max: { float: 0.25 } }, 7],
    ['Clip', [3, 4], { max: { float: 0.25 } }, 9],
    ['Pad', [3, 4], { pads: [1, 0, 2, 1], value: { float: 1.5 } }, 9],
    ['Pad', [5, 4], { pads: [2, 1, 2, 1], mode: 'reflect' }, 10],
    ['ReduceSum', [3, 4, 5], { axes: [1], keepdims: 0 }, 11],
    ['ReduceSum', [3, 4, 5], {}, 11],
    ['Slice', [5, 6], { starts: [1, -4], ends: [4, 9] }, 9],
    ['Slice', [5, 6], { starts: [2], ends: [9], axes: [1] }, 9],
    ['Squeeze', [3, 1, 4, 1], { axes: [1] }, 11],
    ['Squeeze', [3, 1, 4, 1], {}, 11],
    ['Unsqueeze', [3, 4], { axes: [0, 2] }, 12],
    ['Softmax', [3, 4, 5], {}, 11],
    ['Softmax', [3, 4, 5], { axis: 2 }, 11],
    ['Softmax', [3, 4, 5], { axis: 0 }, 9],
    ['LogSoftmax', [3, 4, 5], { axis: 1 }, 12],
    ['Hardmax', [3, 4, 5], { axis: 1 }, 11],
    ['Dropout', [3, 4], { ratio: { float: 0.3 } }, 9],
    ['Upsample', [1, 2, 3, 4], { scales: { float: [1, 1, 2, 3] }, mode: 'nearest' }, 7],
    ['Upsample', [1, 2, 3, 4], { scales: { float: [1, 1, 2, 2] }, mode: 'linear' }, 7],
  ])('%s %j %j of version %d', async (op, x, attributes, opset) => {
    const graph = build({ x }, [[op, ['x'], ['y'], attributes]], ['y'], {}, opset);
    expect(await difference(graph)).toBeLessThan(1e-6);
  });

  it.each<[number[], string]>([
    [[1, 1, 2, 1.5], 'nearest'],
    [[1, 1, 0.5, 0.5], 'nearest'],
    [[1, 1, 2, 2], 'linear'],
  ])('Resize %j %s of version 10', async (scales, mode) => {
    const graph = build(
      { x: [1, 2, 4, 4] },
      [['Resize', ['x', 'scales'], ['y'], { mode }]],
      ['y'],
      { scales: floats([4], scales) },
      10,
    );
    expect(await difference(graph)).toBeLessThan(1e-6);
  });

  it('Split, TopK and BatchNormalization', async () => {
    const graph = build(
      { x: [2, 5, 3] },
      [
        ['BatchNormalization', ['x', 's', 's', 's', 's'], ['n'], { spatial: 1 }],
        ['Split', ['n'], ['a', 'b'], { axis: 1, split: [2, 3] }],
        ['TopK', ['b'], ['t', 'i'], { axis: 1, k: 2 }],
        ['Add', ['a', 't'], ['y']],
      ],
      ['y'],
      { s: floats([5], [1, 2, 3, 4, 5]) },
      8,
    );
    expect(await difference(graph)).toBeLessThan(1e-6);
  });

  it('leaves newer graphs alone', () => {
    const graph = build({ x: [2] }, [['Neg', ['x'], ['y']]], ['y'], {}, 18);
    expect(upgrade(graph)).toBe(graph);
  });
});

const files = ['googlenet', 'mnist', 'resnet20_cifar10', 'squeezenet1_1']
  .map((name) => `real/${name}.onnx`)
  .concat(['alexnet', 'densenet', 'resnet18', 'vgg11'].map((name) => `models/${name}.onnx`))
  .filter(has);

describe('real networks (shared/real, shared/models)', () => {
  // Skipped, and so visible, where the folder is missing.
  it.skipIf(files.length === 0)('finds all networks', () => expect(files).toHaveLength(8));

  it.each(files)('%s computes the same', async (path) => {
    const graph = inferShapes(read(load(path)), { batch: 1 });
    expect(await difference(graph)).toBeLessThan(1e-6);
  });
});
