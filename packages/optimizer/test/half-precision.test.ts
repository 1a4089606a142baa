import { describeNetwork } from '@convlens/adapters';
import { buildAlexNet, buildDenseNet, buildResNet, buildVgg } from '@convlens/adapters/builders';
import { cut, float32, inferShapes, type Graph } from '@convlens/onnx';
import { describe, expect, it } from 'vitest';
import { toFloat16 } from '../src/index.js';
import { noise, relativeError, run } from './support/convolution.js';

const small = { batch: 1, fold: true, inputSize: 96, width: 0.5, classes: 10, seed: 4 } as const;
const NETWORKS: Readonly<Record<string, () => Graph>> = {
  alexnet: () => buildAlexNet(small),
  vgg11: () => buildVgg({ depth: 11, ...small }),
  resnet18: () => buildResNet({ depth: 18, ...small }),
  densenet121: () => buildDenseNet({ depth: 121, ...small }),
};

describe('a graph in float16', () => {
  it.each(Object.keys(NETWORKS))('%s: every layer to within half a per cent', async (name) => {
    const network = describeNetwork(NETWORKS[name]!());
    const { input, layers } = network;
    const values = layers.filter(({ main }) => main).map(({ value }) => value);
    const graph = inferShapes(cut(network.graph, values));
    const halved = toFloat16(graph);
    expect(halved.outputs).toEqual(graph.outputs);
    expect(halved.inputs).toEqual(graph.inputs);
    const convolutions = halved.nodes.filter(({ op }) => op === 'Conv');
    expect(convolutions.length).toBeGreaterThan(4);
    for (const { inputs } of convolutions) {
      for (const weights of inputs.slice(1)) {
        expect(halved.initializers.get(weights)?.dtype).toBe('float16');
      }
    }
    const extents = [1, ...input.shape];
    const size = extents.reduce((product, extent) => product * extent, 1);
    const feeds = { [input.name]: float32(noise(size, 5), extents) };
    const [exact, rounded] = [await run(graph, feeds), await run(halved, feeds)];
    for (const value of values) {
      const error = relativeError(rounded[value]!.data, exact[value]!.data);
      expect(rounded[value]!.data).toBeInstanceOf(Float32Array);
      expect(error, value).toBeLessThan(5e-3);
      // Equal to the last bit would mean that nothing was rounded.
      expect(error, value).toBeGreaterThan(1e-6);
    }
  });

  it('keeps in float32 what is not computed in float16, and casts at the borders only', () => {
    const info = (name: string) => ({ name, dtype: 'float32', shape: [1, 4] }) as const;
    const node = (op: string, inputs: string[], output: string) => ({
      ...{ name: output, op, domain: '', inputs, outputs: [output], attributes: {} },
    });
    const graph: Graph = {
      ...{ name: 'mixed', opset: 13, otherOpsets: {}, producer: 'test', metadata: new Map() },
      inputs: [info('x')],
      outputs: [info('sum'), info('y')],
      initializers: new Map([['two', float32(Float32Array.of(2), [1])]]),
      nodes: [
        node('Mul', ['x', 'two'], 'double'),
        node('Relu', ['double'], 'positive'),
        node('Exp', ['positive'], 'power'),
        node('Add', ['power', 'positive'], 'sum'),
        node('Neg', ['sum'], 'y'),
      ],
      values: new Map(
        ['double', 'positive', 'power', 'sum', 'y'].map((name) => [name, info(name)]),
      ),
    };
    const { nodes, initializers } = toFloat16(graph);
    expect(nodes.map(({ op }) => op)).toEqual([
      'Cast',
      'Mul',
      'Relu',
      'Cast',
      'Exp',
      'Cast',
      'Add',
      'Cast',
      'Neg',
    ]);
    expect([...initializers.values()].map(({ dtype }) => dtype)).toEqual(['float16']);
  });
});
