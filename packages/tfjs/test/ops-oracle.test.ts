import { vjp } from '@convlens/autodiff';
import { cut, float32, read, type TensorData } from '@convlens/onnx';
import { describe, expect, it } from 'vitest';
import { worstError } from './support/errors.js';
import { has, load, loadJson } from './support/shared.js';
import { executorWith } from './support/wasm.js';

interface Case {
  readonly name: string;
  readonly model: string;
  readonly data: string;
  readonly tensors: Readonly<Record<string, { shape: number[]; offset: number }>>;
}

const folder = 'oracles/ops';
const cases = has(folder) ? loadJson<{ cases: Case[] }>(`${folder}/index.json`).cases : [];

/** Relative to the largest magnitude of the expected array, as the folder's README has it. */
const tolerance = { value: 2e-6, product: 5e-6 };

describe(`tfjs-wasm: operators against PyTorch (shared/${folder})`, () => {
  // Skipped, and so visible, where the folder is missing.
  it.skipIf(cases.length === 0)('has all cases', () => {
    expect(cases.length).toBeGreaterThanOrEqual(80);
  });

  describe.each(['fused', 'not fused', 'the library’s'] as const)('kernels: %s', (kernels) => {
    it.each(cases.map((each) => [each.name, each] as const))('%s', async (_, each) => {
      const executor = await executorWith(kernels);
      const graph = read(load(`${folder}/${each.model}`));
      const bytes = load(`${folder}/${each.data}`);
      const arrays = Object.fromEntries(
        Object.entries(each.tensors).map(([name, { shape, offset }]): [string, TensorData] => {
          const count = shape.reduce((product, extent) => product * extent, 1);
          const start = bytes.byteOffset + offset;
          const data = new Float32Array(bytes.buffer.slice(start, start + 4 * count));
          return [name, float32(data, shape)];
        }),
      );
      const wrt = graph.inputs.map(({ name }) => name);
      const product = vjp(cut(graph, ['y']), {
        cotangents: { y: { input: 'dy' } },
        wrt,
        pool: 'portable',
        outputs: ['y'],
      });
      const program = await executor.prepare(product.graph);
      const results = await program.run(arrays);
      await program.dispose();
      const check = (result: string, expected: string, bound: number): void => {
        const [mine, theirs] = [results[result]!, arrays[expected]!];
        expect(mine.shape, expected).toEqual(theirs.shape);
        const error = worstError(mine.data as Float32Array, theirs.data as Float32Array);
        expect(error, expected).toBeLessThan(bound);
      };
      check('y', 'y', tolerance.value);
      for (const name of wrt) check(product.gradients[name]!, `d${name}`, tolerance.product);
    });
  });
});
