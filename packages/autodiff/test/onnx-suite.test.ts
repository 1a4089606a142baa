// The cases of the ONNX project's own suite for what training needs; Debian's libonnx-testdata has them.
import { inferShapes, write, type Graph, type TensorData } from '@convlens/onnx';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import { trainingMode, upgrade, writeOut } from '../src/index.js';
import { installed, load, suiteCases } from './support/onnx-suite.js';
import { relativeError } from './support/run.js';

const names = suiteCases().filter(
  (name) =>
    /^test_(nllloss_|sce_|batchnorm_.*_training_mode|training_dropout_?)/.test(name) &&
    !name.endsWith('_expanded'),
);

async function run(graph: Graph, feeds: ReadonlyMap<string, TensorData>): Promise<Tensor[]> {
  const session = await InferenceSession.create(write(graph), { logSeverityLevel: 3 });
  const tensors = graph.inputs.map(({ name }) => {
    const { dtype, data, shape } = feeds.get(name)!;
    return [name, new Tensor(dtype as 'float32', data as Float32Array, shape)] as const;
  });
  const results = await session.run(Object.fromEntries(tensors));
  await session.release();
  return graph.outputs.map(({ name }) => results[name]!);
}

describe.skipIf(!installed)('the ONNX suite', () => {
  it('has the cases', () => {
    expect(names.length).toBeGreaterThan(50);
  });

  it.each(names.filter((name) => !name.includes('dropout')))('%s', async (name) => {
    const { graph, inputs, outputs } = load(name);
    const feeds = new Map(graph.inputs.map((input, i) => [input.name, inputs[i]!]));
    const plain = writeOut(inferShapes(upgrade(graph)));
    for (const { op } of plain.nodes) expect(op).not.toMatch(/Loss|BatchNorm/);
    const results = await run(plain, feeds);
    outputs.forEach(({ data, shape }, i) => {
      expect(results[i]!.dims).toEqual(shape);
      const error = relativeError(results[i]!.data as Float32Array, data as Float32Array);
      // Means of thousands of float32 numbers are added up in another order here.
      expect(error).toBeLessThan(data.length === 1 ? 1e-5 : 1e-6);
    });
  });

  // The suite drops at random as numpy does: its mask is fed, and what is made of it compared.
  it.each(names.filter((name) => name.includes('dropout')))('%s', async (name) => {
    const { graph, inputs, outputs } = load(name);
    const [x, ...others] = inputs;
    const initializers = new Map(others.map((tensor, i) => [graph.inputs[i + 1]!.name, tensor]));
    const fixed = { ...graph, inputs: graph.inputs.slice(0, 1), initializers };
    const { graph: made, masks } = trainingMode(fixed);
    const feeds = new Map([[fixed.inputs[0]!.name, x!]]);
    const [y, mask] = outputs;
    const kept = Float32Array.from((mask ?? y!).data as Float32Array, (v, i) =>
      Number(v !== 0 || (x!.data as Float32Array)[i] === 0),
    );
    for (const { input, shape } of masks) feeds.set(input, { dtype: 'float32', shape, data: kept });
    const results = await run(made, feeds);
    const found = results[0]!.data as Float32Array;
    expect(relativeError(found, y!.data as Float32Array)).toBeLessThan(1e-6);
    if (mask) expect([...(results[1]!.data as Uint8Array)]).toEqual([...(mask.data as Uint8Array)]);
  });
});

it.skipIf(installed)('the ONNX suite is not installed (Debian: libonnx-testdata)', () => {
  expect(suiteCases()).toEqual([]);
});
