import { cut, read } from '@convlens/onnx';
import { describe, expect, it } from 'vitest';
import { vjp } from '../src/index.js';
import { run, worstError } from './support/run.js';
import { has, load, loadJson } from './support/shared.js';

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

describe(`operators against PyTorch (shared/${folder})`, () => {
  // Skipped, and so visible, where the folder is missing.
  it.skipIf(cases.length === 0)('has all cases', () => {
    expect(cases.length).toBeGreaterThanOrEqual(80);
  });

  const runs = (['indices', 'portable'] as const).flatMap((pool) =>
    cases.map((each) => [each.name, pool, each] as const),
  );
  it.each(runs)('%s, pool %s', async (_, pool, each) => {
    const graph = read(load(`${folder}/${each.model}`));
    const bytes = load(`${folder}/${each.data}`);
    const arrays = Object.fromEntries(
      Object.entries(each.tensors).map(([name, { shape, offset }]) => {
        const count = shape.reduce((product, extent) => product * extent, 1);
        const start = bytes.byteOffset + offset;
        return [name, new Float32Array(bytes.buffer.slice(start, start + 4 * count))];
      }),
    );
    const wrt = graph.inputs.map(({ name }) => name);
    const cotangents = { y: { input: 'dy' } };
    const product = vjp(cut(graph, ['y']), { cotangents, wrt, pool, outputs: ['y'] });
    const results = await run(product.graph, arrays);
    expect(worstError(results.y!, arrays.y!)).toBeLessThan(tolerance.value);
    for (const name of wrt) {
      const error = worstError(results[product.gradients[name]!]!, arrays[`d${name}`]!);
      expect(error, `d${name}`).toBeLessThan(tolerance.product);
    }
  });
});
