import { differentiate, vjp } from '@convlens/autodiff';
import {
  elementCount,
  float32,
  inferShapes,
  type Attribute,
  type Graph,
  type Node,
  type TensorData,
} from '@convlens/onnx';
import { describe, expect, it } from 'vitest';
import { OWN_WASM_TRAITS, planGraph, schedule, WASM_TRAITS } from '../src/index.js';
import { noise, relativeError } from './support/errors.js';
import { executorWith, type Kernels } from './support/wasm.js';

type Ints = Readonly<Record<string, readonly number[] | number>>;

/** A convolution of x with filters w and a bias, which are inputs or weights. */
function convolution(
  op: string,
  x: readonly number[],
  w: readonly number[],
  outputs: number,
  attributes: Ints,
): Graph {
  const info = (name: string, shape: readonly number[]) => ({
    ...{ name, dtype: 'float32' as const, shape },
  });
  const typed = Object.entries(attributes).map(([name, value]): [string, Attribute] => [
    name,
    typeof value === 'number' ? { type: 'int', value } : { type: 'ints', value },
  ]);
  const node: Node = {
    ...{ name: 'the_node', op, domain: '', inputs: ['x', 'w', 'b'], outputs: ['y'] },
    attributes: Object.fromEntries(typed),
  };
  return inferShapes({
    ...{ name: 'one', opset: 17, otherOpsets: {}, producer: 'test', nodes: [node] },
    inputs: [info('x', x), info('w', w), info('b', [outputs])],
    outputs: [{ name: 'y', dtype: 'float32', shape: undefined }],
    ...{ initializers: new Map(), values: new Map(), metadata: new Map() },
  });
}

function constants(graph: Graph, feeds: Readonly<Record<string, TensorData>>): Graph {
  return {
    ...graph,
    inputs: graph.inputs.filter(({ name }) => name === 'x' || name === 'dy'),
    initializers: new Map([...graph.initializers, ['w', feeds.w!], ['b', feeds.b!]]),
  };
}

const cases: Record<string, readonly [string, number[], number[], number, Ints]> = {
  '3 x 3': ['Conv', [2, 4, 9, 8], [8, 4, 3, 3], 8, { pads: [1, 1, 1, 1] }],
  '3 x 3, uneven channels': ['Conv', [2, 3, 9, 8], [5, 3, 3, 3], 5, {}],
  '1 x 1': ['Conv', [3, 4, 5, 5], [6, 4, 1, 1], 6, {}],
  strides: ['Conv', [2, 3, 12, 11], [4, 3, 5, 3], 4, { strides: [2, 3], pads: [2, 1, 2, 1] }],
  dilations: ['Conv', [2, 3, 11, 11], [4, 3, 3, 3], 4, { dilations: [2, 2] }],
  groups: ['Conv', [2, 6, 7, 7], [4, 3, 3, 3], 4, { group: 2, pads: [1, 1, 1, 1] }],
  depthwise: ['Conv', [2, 4, 7, 7], [4, 1, 3, 3], 4, { group: 4, pads: [1, 1, 1, 1] }],
  transposed: ['ConvTranspose', [2, 4, 5, 6], [4, 3, 3, 3], 3, {}],
  'transposed, strides': [
    'ConvTranspose',
    [2, 4, 5, 6],
    [4, 3, 4, 3],
    3,
    { strides: [2, 2], pads: [1, 1, 1, 1] },
  ],
  'transposed, groups': [
    'ConvTranspose',
    [2, 4, 5, 6],
    [4, 2, 2, 2],
    4,
    { group: 2, strides: [2, 2] },
  ],
};

describe.each(['fused', 'not fused', 'the library’s'] satisfies Kernels[])(
  'filters that are computed, kernels %s',
  (kernels) => {
    it.each(Object.entries(cases))('%s: as filters that are constants', async (_, spec) => {
      const executor = await executorWith(kernels);
      const graph = convolution(...spec);
      const tensor = (shape: readonly number[], seed: number): TensorData =>
        float32(noise(elementCount(shape), seed), shape);
      const feeds = Object.fromEntries(
        graph.inputs.map(({ name, shape }, i) => [name, tensor(shape as number[], i + 1)]),
      );
      const run = async (each: Graph) => {
        const program = await executor.prepare(each);
        const results = await program.run(
          Object.fromEntries(each.inputs.map(({ name }) => [name, feeds[name]!])),
        );
        await program.dispose();
        return results;
      };
      const open = await run(graph);
      const fixed = await run(constants(graph, feeds));
      expect(
        relativeError(open.y!.data as Float32Array, fixed.y!.data as Float32Array),
      ).toBeLessThan(4e-6);
    });
  },
);

/** Sum of half the squares of y: its gradients are dy = y. */
function squares(graph: Graph): Graph {
  const node = (op: string, inputs: string[], output: string): Node => ({
    ...{ name: output, op, domain: '', inputs, outputs: [output], attributes: {} },
  });
  return inferShapes({
    ...graph,
    nodes: [...graph.nodes, node('Mul', ['y', 'y'], 'yy'), node('ReduceSum', ['yy'], 's')],
    outputs: [{ name: 's', dtype: 'float32', shape: undefined }],
  });
}

describe('the gradient of filters', () => {
  const kernelsOf = (graph: Graph, traits = OWN_WASM_TRAITS): string[] => {
    const plan = planGraph(graph, { runtime: 'tfjs-wasm', traits });
    const names = plan.outputs.map(({ name }) => name);
    return schedule(plan, names).map(({ step }) => step.kernel);
  };

  it.each(Object.entries(cases))('%s: as the library’s kernels compute it', async (name, spec) => {
    const graph = convolution(...spec);
    const product = vjp(graph, { cotangents: { y: { input: 'dy' } }, wrt: ['x', 'w', 'b'] });
    const feeds = Object.fromEntries(
      product.graph.inputs.map(({ name, shape }, i) => [
        name,
        float32(noise(elementCount(shape as number[]), i + 1), shape as number[]),
      ]),
    );
    const results: Record<string, TensorData>[] = [];
    for (const kernels of ['fused', 'the library’s'] satisfies Kernels[]) {
      const executor = await executorWith(kernels);
      const program = await executor.prepare(product.graph);
      results.push(await program.run(feeds));
      await program.dispose();
    }
    for (const gradient of Object.values(product.gradients)) {
      const [own, theirs] = results.map((each) => each[gradient]!.data as Float32Array);
      expect(relativeError(own!, theirs!)).toBeLessThan(4e-6);
    }
    const own = kernelsOf(product.graph).includes('ConvlensFilterGradient');
    // Of one group; a transposed one is a convolution of what it makes.
    expect(own).toBe(!/groups|depthwise/.test(name));
  });

  it('is one kernel, and nothing of what was written for it runs', () => {
    const graph = squares(convolution('Conv', [4, 4, 8, 8], [8, 4, 3, 3], 8, {}));
    const { graph: made } = differentiate(graph, { of: 's', wrt: ['w'] });
    const kernels = kernelsOf(made);
    expect(kernels.filter((kernel) => kernel === 'ConvlensFilterGradient')).toHaveLength(1);
    expect(kernels.filter((kernel) => /Convolution|Winograd$|Conv2D/.test(kernel))).toHaveLength(1);
    expect(kernelsOf(made, WASM_TRAITS)).not.toContain('ConvlensFilterGradient');
  });
});
