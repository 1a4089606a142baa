import { existsSync, readdirSync } from 'node:fs';
import type { Page } from '@playwright/test';
import {
  activationsInPage,
  derivativesInPage,
  expected,
  openReference,
  readReference,
  relativeL2,
  RUNTIMES,
  toleranceOf,
  type Computed,
  type Reference,
} from '../support/conformance.js';
import { isChecked, record } from '../support/conformance-record.js';
import { openImage, openNetwork } from '../support/open-in-page.js';
import { expect, galleryUrl, shared, test, Viewer } from '../support/viewer.js';

const networks = shared
  ? readdirSync(`${shared}oracles`).filter((name) =>
      existsSync(`${shared}oracles/${name}/manifest.json`),
    )
  : [];

/** Compares what was computed with the reference, and keeps how near it came. */
function compare(
  reference: Reference,
  kind: 'activations' | 'derivatives',
  runtime: string,
  computed: Computed,
  arrays: readonly { readonly name: string; readonly value: string; readonly tolerance: number }[],
): void {
  // A missing adapter is a failure: another runtime's numbers would prove nothing.
  expect(computed.runtime).toBe(runtime);
  const errors = arrays.map(({ name, value, tolerance }) => ({
    name,
    part: relativeL2(computed.values[value] ?? [], expected(reference, name)) / tolerance,
  }));
  record({ runtime, network: reference.name, kind, parts: errors.map(({ part }) => part) });
  expect(errors.filter(({ part }) => !(part < 1))).toEqual([]);
}

for (const runtime of RUNTIMES) {
  test.describe(runtime, () => {
    // One page for all: on an emulated GPU a start takes half a minute.
    test.describe.configure({ mode: 'default' });
    let page: Page;
    test.beforeAll(async ({ browser }) => {
      page = await browser.newPage();
      if (networks.length > 0) await new Viewer(page, galleryUrl('isolated')).open();
    });
    test.afterAll(() => page.close());

    for (const name of networks) {
      if (isChecked(runtime, name, 'activations')) {
        test(`activations of ${name} equal PyTorch's`, async () => {
          test.setTimeout(1_200_000);
          const reference = await openReference(page, readReference(shared!, name));
          const computed = await activationsInPage(page, reference, runtime);
          compare(reference, 'activations', runtime, computed, reference.arrays);
        });
      }
      if (isChecked(runtime, name, 'derivatives')) {
        test(`projections and saliency of ${name} equal PyTorch's`, async () => {
          test.setTimeout(1_200_000);
          const reference = await openReference(page, readReference(shared!, name));
          const computed = await derivativesInPage(page, reference, runtime);
          const arrays = Object.keys(computed.values).map((array) => ({
            name: array,
            value: array,
            tolerance: toleranceOf(reference.folder, array),
          }));
          compare(reference, 'derivatives', runtime, computed, arrays);
        });
      }
    }
  });
}

if (networks.length === 0) {
  test.skip('reference results are missing: no ../shared/oracles beside the project', () =>
    undefined);
}

test('WASM and WebGPU agree on an embedded network', { tag: '@full' }, async ({ page }) => {
  const viewer = new Viewer(page, galleryUrl('isolated'));
  await viewer.open('network=alexnet');
  await expect(viewer.classes).toHaveCount(5);
  const network = await openNetwork(page, 'alexnet');
  const image = await openImage(page);
  const read = (
    backend: 'wasm' | 'webgpu',
  ): Promise<{ used: string; logits: number[]; map: number[] }> =>
    page.evaluate(
      async ([choice, network, image]) => {
        const { engine } = document.querySelector('filter-viewer')!;
        await engine.useBackend(choice);
        const { logits, layers, backend } = await engine.run('activations', {
          network,
          image,
          layers: ['relu5'],
          scores: true,
        });
        return {
          used: backend.backend,
          logits: [...logits!],
          map: [...layers[0]!.activation.data],
        };
      },
      [backend, network, image] as const,
    );
  const wasm = await read('wasm');
  const webgpu = await read('webgpu');
  expect([wasm.used, webgpu.used]).toEqual(['wasm', 'webgpu']);
  expect(relativeL2(webgpu.logits, wasm.logits)).toBeLessThan(1e-5);
  expect(relativeL2(webgpu.map, wasm.map)).toBeLessThan(1e-5);
});
