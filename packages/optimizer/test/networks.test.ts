import { describeNetwork } from '@convlens/adapters';
import { buildAlexNet, buildDenseNet, buildResNet, buildVgg } from '@convlens/adapters/builders';
import { differentiate, objective } from '@convlens/autodiff';
import { float32, type Graph } from '@convlens/onnx';
import { describe, expect, it } from 'vitest';
import { formsOf, optimize, WASM_POLICY, type Policy } from '../src/index.js';
import { noise, relativeError, run } from './support/convolution.js';

const small = { batch: 1, fold: true, inputSize: 96, width: 0.5, classes: 10, seed: 4 } as const;
const NETWORKS: Readonly<Record<string, () => Graph>> = {
  alexnet: () => buildAlexNet(small),
  vgg11: () => buildVgg({ depth: 11, ...small }),
  resnet18: () => buildResNet({ depth: 18, ...small }),
  resnet50: () => buildResNet({ depth: 50, ...small }),
  densenet121: () => buildDenseNet({ depth: 121, ...small }),
};

/** F(4 x 4) wherever it can be: as much error as there can be. */
const everywhere: Policy = {
  name: 'everywhere',
  choose: (shape) =>
    formsOf(shape).findLast(({ kind }) => kind === 'winograd') ?? formsOf(shape)[0]!,
};

/** The network with Softplus for ReLU: a gradient without the kinks, where the least rounding moves whole pixels. */
const smooth = (graph: Graph): Graph => ({
  ...graph,
  nodes: graph.nodes.map((node) => (node.op === 'Relu' ? { ...node, op: 'Softplus' } : node)),
});

/** Largest relative L2 error of scores and gradient; measured are at most 6e-6. */
const BOUND = 2e-5;

describe.each([WASM_POLICY, everywhere])('whole networks with the policy $name', (policy) => {
  it.each(Object.keys(NETWORKS))('%s: scores stay what they are', async (name) => {
    const { graph, input, logits } = describeNetwork(NETWORKS[name]!());
    const extents = [1, ...input.shape];
    const feeds = {
      [input.name]: float32(
        noise(
          extents.reduce((a, b) => a * b),
          9,
        ),
        extents,
      ),
    };
    const rewritten = optimize(graph, { policy });
    expect(rewritten.nodes.length).toBeGreaterThan(graph.nodes.length);
    const [expected, actual] = [await run(graph, feeds), await run(rewritten, feeds)];
    const { value } = logits!;
    expect(relativeError(actual[value]!.data, expected[value]!.data)).toBeLessThan(BOUND);
  });

  it.each(Object.keys(NETWORKS))('%s: so does the gradient', async (name) => {
    const network = describeNetwork(smooth(NETWORKS[name]!()));
    const { name: image, shape } = network.input;
    const { value } = network.logits!;
    const extents = [1, ...shape];
    const feeds = {
      [image]: float32(
        noise(
          extents.reduce((a, b) => a * b),
          9,
        ),
        extents,
      ),
    };
    const aim = objective(network.graph, [{ kind: 'channel', layer: value, channel: 3 }]);
    const { graph, gradients } = differentiate(aim.graph, {
      of: aim.value,
      wrt: [image],
      pool: 'portable',
      outputs: [value],
    });
    const rewritten = optimize(graph, { policy });
    expect(rewritten.nodes.length).toBeGreaterThan(graph.nodes.length);
    const [expected, actual] = [await run(graph, feeds), await run(rewritten, feeds)];
    const gradient = gradients[image]!;
    expect(relativeError(actual[value]!.data, expected[value]!.data)).toBeLessThan(BOUND);
    expect(relativeError(actual[gradient]!.data, expected[gradient]!.data)).toBeLessThan(BOUND);
  });
});
