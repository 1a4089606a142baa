import { describe, expect, it } from 'vitest';
import { float32, type Graph, type TensorData } from '@convlens/onnx';
import { createNodeExecutor } from '../src/node/index.js';
import { lowerForWebGpu } from '../src/worker/webgpu-lowering.js';

function convolution(inputs: number, outputs: number, opset: number): Graph {
  const weights = Float32Array.from({ length: outputs * inputs * 9 }, (_, i) => Math.sin(i * 1.7));
  return {
    name: 'test',
    opset,
    otherOpsets: {},
    inputs: [{ name: 'x', dtype: 'float32', shape: [1, inputs, 7, 6] }],
    outputs: [{ name: 'y', dtype: 'float32', shape: undefined }],
    nodes: [
      {
        name: 'conv',
        op: 'Conv',
        domain: '',
        inputs: ['x', 'w', 'b'],
        outputs: ['y'],
        attributes: { strides: { type: 'ints', value: [2, 1] } },
      },
    ],
    initializers: new Map<string, TensorData>([
      ['w', float32(weights, [outputs, inputs, 3, 3])],
      ['b', float32(new Float32Array(outputs).fill(0.3), [outputs])],
    ]),
    values: new Map(),
    metadata: new Map(),
    producer: 'test',
  };
}

async function run(graph: Graph): Promise<TensorData> {
  const program = await createNodeExecutor().prepare(graph);
  const [, inputs = 1] = graph.inputs[0]!.shape as number[];
  const x = Float32Array.from({ length: inputs * 42 }, (_, i) => Math.cos(i));
  const { y } = await program.run({ x: float32(x, [1, inputs, 7, 6]) });
  await program.dispose();
  return y!;
}

describe('convolutions that WebGPU computes wrongly', () => {
  it.each([
    [6, 4, 13],
    [9, 8, 17],
    [18, 16, 9],
  ])(
    '%i channels into %i, opset %i: wider, and the same numbers',
    async (inputs, outputs, opset) => {
      const graph = convolution(inputs, outputs, opset);
      const lowered = lowerForWebGpu(graph);
      expect(lowered.nodes.map(({ op }) => op)).toEqual(['Pad', 'Conv']);
      const [before, after] = [await run(graph), await run(lowered)];
      expect(after.shape).toEqual(before.shape);
      (after.data as Float32Array).forEach((value, i) => {
        expect(value).toBeCloseTo((before.data as Float32Array)[i]!, 4);
      });
    },
  );

  it.each([
    [3, 4],
    [12, 8],
    [6, 5],
    [7, 8],
  ])('%i channels into %i are left alone', (inputs, outputs) => {
    const graph = convolution(inputs, outputs, 13);
    expect(lowerForWebGpu(graph)).toBe(graph);
  });

  it('filters that are computed are made wider as well', async () => {
    const graph = convolution(6, 4, 17);
    const { w, b } = Object.fromEntries(graph.initializers) as Record<string, TensorData>;
    const open: Graph = {
      ...graph,
      inputs: [...graph.inputs, { name: 'w', dtype: 'float32', shape: w!.shape }],
      initializers: new Map([['b', b!]]),
    };
    const lowered = lowerForWebGpu(open);
    expect(lowered.nodes.map(({ op }) => op)).toEqual(['Pad', 'Pad', 'Conv']);
    const x = float32(
      Float32Array.from({ length: 6 * 42 }, (_, i) => Math.cos(i)),
      [1, 6, 7, 6],
    );
    const program = await createNodeExecutor().prepare(lowered);
    const { y } = await program.run({ x, w: w! });
    await program.dispose();
    const right = (await run(graph)).data as Float32Array;
    (y!.data as Float32Array).forEach((value, i) => expect(value).toBeCloseTo(right[i]!, 4));
  });
});
