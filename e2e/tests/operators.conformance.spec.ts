import { readFileSync } from 'node:fs';
import { vjp } from '@convlens/autodiff';
import { elementCount, float32, read, write } from '@convlens/onnx';
import { RUNTIMES } from '../support/conformance.js';
import { record } from '../support/conformance-record.js';
import { expect, galleryUrl, shared, test, Viewer } from '../support/viewer.js';

interface Case {
  readonly name: string;
  readonly model: string;
  readonly data: string;
  readonly tensors: Readonly<Record<string, { readonly shape: number[]; readonly offset: number }>>;
}

const folder = `${shared ?? ''}oracles/ops/`;
const cases = shared
  ? (JSON.parse(readFileSync(`${folder}index.json`, 'utf8')) as { cases: Case[] }).cases
  : [];

/** Largest difference over the largest magnitude of what is expected. */
function worst(mine: ArrayLike<number>, theirs: Float32Array): number {
  if (mine.length !== theirs.length) return Infinity;
  let difference = 0;
  let largest = 0;
  for (let i = 0; i < theirs.length; i++) {
    difference = Math.max(difference, Math.abs(mine[i]! - theirs[i]!));
    largest = Math.max(largest, Math.abs(theirs[i]!));
  }
  return difference / (largest || 1);
}

for (const backend of RUNTIMES) {
  test(`${backend}: all operator cases equal PyTorch's, values and products`, async ({ page }) => {
    test.skip(cases.length === 0, 'no ../shared/oracles beside the project');
    test.setTimeout(1_200_000);
    const viewer = new Viewer(page, galleryUrl('isolated'));
    await viewer.open();
    const used = await page.evaluate(
      (choice) => document.querySelector('filter-viewer')!.engine.useBackend(choice),
      backend,
    );
    // Another runtime's numbers would prove nothing.
    expect(used.runtime, used.reason).toBe(backend);
    const wrong: string[] = [];
    const parts: number[] = [];
    for (const { name, model, data, tensors } of cases) {
      const file = readFileSync(folder + data);
      const tensor = (key: string): ReturnType<typeof float32> => {
        const { shape, offset } = tensors[key]!;
        const start = file.byteOffset + offset;
        const bytes = file.buffer.slice(start, start + 4 * elementCount(shape));
        return float32(new Float32Array(bytes), shape);
      };
      const inputs = Object.keys(tensors).filter((key) => /^x\d+$/.test(key));
      const { graph, gradients } = vjp(read(readFileSync(folder + model)), {
        cotangents: { y: { input: 'dy' } },
        wrt: inputs,
        pool: 'portable',
        outputs: ['y'],
      });
      const names = graph.inputs.map((input) => input.name);
      const feeds = Object.fromEntries(
        names.map((key) => [key, { shape: tensor(key).shape, data: [...tensor(key).data] }]),
      );
      const outputs = await page.evaluate(
        async ({ bytes, feeds, runtime }) => {
          const { engine } = document.querySelector('filter-viewer')!;
          const tensors = Object.fromEntries(
            Object.entries(feeds).map(([key, { shape, data }]) => [
              key,
              { dtype: 'float32' as const, shape, data: Float32Array.from(data) },
            ]),
          );
          try {
            const result = await engine.run('runGraph', {
              model: Uint8Array.from(bytes),
              feeds: tensors,
            });
            if (result.backend.runtime !== runtime) return { failure: result.backend.reason };
            return Object.fromEntries(
              Object.entries(result.outputs).map(([key, { data }]) => [
                key,
                [...(data as Float32Array)],
              ]),
            );
          } catch (error) {
            return { failure: error instanceof Error ? error.message : String(error) };
          }
        },
        { bytes: [...write(graph)], feeds, runtime: backend },
      );
      if ('failure' in outputs) {
        wrong.push(`${name}: ${String(outputs.failure)}`);
        continue;
      }
      const results = outputs as Record<string, number[]>;
      const value = worst(results.y ?? [], tensor('y').data);
      parts.push(value / 2e-6);
      if (!(value < 2e-6)) wrong.push(`${name}: value off by ${value.toExponential(1)}`);
      for (const input of inputs) {
        const product = worst(results[gradients[input]!] ?? [], tensor(`d${input}`).data);
        parts.push(product / 5e-6);
        if (!(product < 5e-6)) wrong.push(`${name}: d${input} off by ${product.toExponential(1)}`);
      }
    }
    record({ runtime: backend, network: 'operators', kind: 'operators', parts });
    expect(wrong).toEqual([]);
  });
}
