import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { inferShapes, read, simplify, write, type Graph, type TensorData } from '../src/index.js';
import { random, run } from './build.js';
import { files, missing } from './reference-files.js';

if (missing.length > 0) {
  describe.skip(`reference files are missing: ${missing.join(', ')}`, () => {
    it('networks and operators with known answers are not tested');
  });
}

/** Random inputs, two pictures where the batch is open. */
function feedsFor(graph: Graph): Record<string, TensorData> {
  const { inputs } = inferShapes(graph, { batch: 2 });
  return Object.fromEntries(
    inputs.map(({ name, shape = [] }, i) => [name, random(i + 17, shape as readonly number[])]),
  );
}

describe.runIf(files.length > 0)('reference networks and operators', () => {
  it.each(files)('%s computes bit for bit the same after reading and writing', async (_, file) => {
    const bytes = readFileSync(file);
    const graph = read(bytes);
    const feeds = feedsFor(graph);
    const before = await run(bytes, feeds);
    const after = await run(write(graph), feeds);
    expect(Object.keys(after)).toEqual(Object.keys(before));
    for (const [name, { dims, data }] of Object.entries(before)) {
      expect(after[name]?.dims).toEqual(dims);
      expect(Buffer.compare(bytesOf(after[name]?.data), bytesOf(data))).toBe(0);
    }
  });

  it.each(files)('%s computes the same after being simplified', async (_, file) => {
    const bytes = readFileSync(file);
    const graph = inferShapes(read(bytes));
    const feeds = feedsFor(graph);
    const simple = simplify(graph);
    expect(simple.nodes.length).toBeLessThanOrEqual(graph.nodes.length);
    expect(simple.inputs).toEqual(graph.inputs);
    expect(simple.outputs).toEqual(graph.outputs);
    const before = await run(bytes, feeds);
    const after = await run(write(simple), feeds);
    for (const [name, { dims, data }] of Object.entries(before)) {
      expect(after[name]?.dims).toEqual(dims);
      expect(distance(data as Float32Array, after[name]?.data as Float32Array)).toBeLessThan(1e-5);
    }
  });

  it.each(files)('%s has the inferred type and shape at every value', async (_, file) => {
    const graph = inferShapes(read(readFileSync(file)), { batch: 2 });
    const made = graph.nodes.flatMap(({ outputs }) => outputs.filter(Boolean));
    const outputs = made.map((name) => {
      const info = graph.values.get(name);
      expect(info, name).toBeDefined();
      return { name, dtype: info?.dtype ?? 'float32', shape: undefined };
    });
    const results = await run({ ...graph, outputs }, feedsFor(graph));
    for (const [name, { dims, type }] of Object.entries(results)) {
      const info = graph.values.get(name);
      expect([name, info?.dtype, info?.shape]).toEqual([name, type, dims]);
    }
  });
});

describe.runIf(files.some(([name]) => name === 'resnet20_cifar10'))('known networks', () => {
  const load = (name: string): Graph => inferShapes(read(readFileSync(new Map(files).get(name)!)));
  const opsOf = (graph: Graph): string[] => [...new Set(graph.nodes.map(({ op }) => op))].sort();

  it("resnet20's exported chains and batch normalisations fold away", () => {
    expect(opsOf(simplify(load('resnet20_cifar10')))).toEqual(
      'Add AveragePool Conv Flatten Gemm Pad Relu Slice'.split(' '),
    );
  });

  it("mnist's additions become biases and its reshaped weight a plain one", () => {
    const simple = simplify(load('mnist'));
    expect(simple.nodes.map(({ op }) => op).join(' ')).toBe(
      'Conv Relu MaxPool Conv Relu MaxPool Reshape MatMul Add',
    );
  });

  it("densenet's empty pads and single concatenations go", () => {
    expect(simplify(load('densenet')).nodes.length).toBe(load('densenet').nodes.length - 3 - 4);
  });

  it('a symbolic batch reaches the outputs', () => {
    expect(load('squeezenet1_1').outputs[0]?.shape).toEqual(['N', 1000]);
    expect(load('resnet18').outputs[0]?.shape).toEqual(['batch', 100]);
  });
});

function bytesOf(data: unknown): Buffer {
  const { buffer, byteOffset, byteLength } = data as Float32Array<ArrayBuffer>;
  return Buffer.from(buffer, byteOffset, byteLength);
}

/** Relative L2 distance; what is not a number in both (the logarithm of a negative one) is equal. */
function distance(want: Float32Array, got: Float32Array): number {
  let over = 0;
  let under = 0;
  for (let i = 0; i < want.length; i++) {
    if (Number.isNaN(want[i]) && Number.isNaN(got[i])) continue;
    over += (want[i]! - got[i]!) ** 2;
    under += want[i]! ** 2;
  }
  return Math.sqrt(over / Math.max(under, 1e-30));
}
