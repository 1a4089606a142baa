import { float32, type Graph, type Node, type TensorData, type ValueInfo } from '@convlens/onnx';
import { prepare, type Executor } from '@convlens/runtime';
import { describe, expect, it } from 'vitest';
import {
  createNodeExecutor,
  createNodeTfjsExecutor,
  createNodeWasmExecutor,
} from '../src/node/index.js';
import type { CountingExecutor } from '../src/worker/runtime.js';
import { TunedExecutor } from '../src/worker/tuned-executor.js';
import { UntilLost } from '../src/worker/until-lost.js';
import { UNCHANGED } from '@convlens/optimizer';

const node = (op: string, inputs: string[], output: string): Node => ({
  ...{ name: output, op, domain: '', inputs, outputs: [output], attributes: {} },
});
const info = (name: string, shape: readonly number[]): ValueInfo => ({
  ...{ name, dtype: 'float32', shape },
});
const filters = float32(
  Float32Array.from({ length: 12 }, (_, i) => (i % 5) - 2),
  [2, 3, 1, 2],
);

/** A convolution whose filters and running sum change with every run; `same` is an input that is an output too. */
const graph: Graph = {
  ...{
    name: 'g',
    opset: 17,
    otherOpsets: {},
    metadata: new Map(),
    producer: '',
    values: new Map(),
  },
  inputs: [info('x', [1, 3, 2, 3]), info('sum', [1, 2, 2, 2]), info('kept', [2])],
  outputs: [
    info('y', [1, 2, 2, 2]),
    info('w_next', [2, 3, 1, 2]),
    info('sum_next', [1, 2, 2, 2]),
    info('same', [2]),
  ],
  nodes: [
    node('Conv', ['x', 'w'], 'y'),
    node('Mul', ['w', 'half'], 'w_next'),
    node('Add', ['sum', 'y'], 'sum_next'),
    node('Identity', ['kept'], 'same'),
  ],
  initializers: new Map([
    ['w', filters],
    ['half', float32(Float32Array.of(0.5), [])],
  ]),
};
const carry = { w: 'w_next', sum: 'sum_next', kept: 'same' };
const x = float32(
  Float32Array.from({ length: 18 }, (_, i) => i - 9),
  [1, 3, 2, 3],
);

function convolved(factor: number): number[] {
  const [image, weights] = [x.data, filters.data];
  return Array.from({ length: 8 }, (_, at) => {
    const [out, row, column] = [at >> 2, (at >> 1) & 1, at & 1];
    let sum = 0;
    for (let c = 0; c < 3; c++) {
      for (let t = 0; t < 2; t++) {
        sum += image[c * 6 + row * 3 + column + t]! * weights[out * 6 + c * 2 + t]!;
      }
    }
    return sum * factor;
  });
}

const numbers = (tensor: TensorData | undefined): number[] =>
  Array.from(tensor!.data as Float32Array);

/** The same executor, without what it knows of state. */
const plain = (executor: Executor): Executor => ({ prepare: (each) => executor.prepare(each) });

const runtimes: Record<string, () => Promise<CountingExecutor>> = {
  'onnxruntime-node': () => Promise.resolve(createNodeExecutor()),
  'ONNX Runtime on WASM': () => createNodeWasmExecutor(),
  'TensorFlow.js on WASM': () => createNodeTfjsExecutor(),
  'a guarded one': async () => new UntilLost(await createNodeTfjsExecutor()),
  'a tuned one': async () =>
    new TunedExecutor(await createNodeWasmExecutor(), UNCHANGED, {
      load: () => Promise.resolve({}),
      save: () => Promise.resolve(),
    }),
};

describe.each(Object.entries(runtimes))('state on %s', (_, start) => {
  it.each(['its own', 'JavaScript’s'])('stays from run to run in %s memory', async (where) => {
    const executor = await start();
    const before = executor.tensors;
    const target = where === 'its own' ? executor : plain(executor);
    const program = await prepare(target, graph, { carry });
    const zeros = float32(new Float32Array(8), [1, 2, 2, 2]);
    await program.write({ sum: zeros, kept: float32(Float32Array.of(3, 4), [2]) });
    for (const factor of [1, 0.5, 0.25]) {
      const results = await program.run({ x });
      expect(Object.keys(results)).toEqual(['y']);
      expect(numbers(results.y)).toEqual(convolved(factor));
    }
    const state = await program.read();
    expect(numbers(state.sum)).toEqual(convolved(1.75));
    expect(numbers(state.w)).toEqual(Array.from(filters.data, (v) => v / 8));
    expect(numbers(state.kept)).toEqual([3, 4]);
    // A value that was read is still there, one that was written takes its place.
    await program.write({ w: filters });
    const { sum_next: asked, y } = await program.run({ x }, ['sum_next', 'y']);
    expect(numbers(y)).toEqual(convolved(1));
    expect(numbers(asked)).toEqual(convolved(2.75));
    const bad = float32(new Float32Array(12), [1, 2, 2, 3]);
    await expect(program.run({ x: bad })).rejects.toThrow();
    expect(numbers((await program.read(['sum'])).sum)).toEqual(convolved(2.75));
    await program.dispose();
    expect(executor.sessions).toBe(0);
    expect(executor.tensors).toBe(before);
  });
});
