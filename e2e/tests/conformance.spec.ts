import { existsSync, readdirSync } from 'node:fs';
import {
  computeInPage,
  deriveInPage,
  expected,
  readReference,
  relativeL2,
  toleranceOf,
} from '../support/conformance.js';
import { expect, galleryUrl, shared, test, Viewer } from '../support/viewer.js';

const networks = shared
  ? readdirSync(`${shared}oracles`).filter((name) =>
      existsSync(`${shared}oracles/${name}/manifest.json`),
    )
  : [];

for (const backend of ['ort-wasm', 'ort-webgpu'] as const) {
  for (const name of networks) {
    test(`${backend}: activations of ${name} equal PyTorch's`, async ({ page }) => {
      // Emulated in software, the GPU takes most of a minute for the largest network.
      test.setTimeout(240_000);
      const viewer = new Viewer(page, galleryUrl('isolated'));
      await viewer.open();
      const reference = readReference(shared!, name);
      const { runtime: used, values } = await computeInPage(page, reference, backend);
      // A missing adapter is a failure: another backend's numbers would prove nothing.
      expect(used).toBe(backend);
      for (const { name: array, value, tolerance } of reference.arrays) {
        const error = relativeL2(values[value] ?? [], expected(reference, array));
        test.info().annotations.push({
          type: array,
          description: `${error.toExponential(1)} of ${tolerance}`,
        });
        expect(error, `${array} (${value})`).toBeLessThan(tolerance);
      }
    });
  }
}

for (const name of networks) {
  for (const backend of ['ort-wasm', 'ort-webgpu'] as const) {
    // The emulated GPU takes over six minutes for GoogLeNet, which agrees too.
    if (backend === 'ort-webgpu' && name === 'googlenet') continue;
    test(`${backend}: projections and saliency of ${name} equal PyTorch's`, async ({ page }) => {
      // And close to two for SqueezeNet.
      test.setTimeout(360_000);
      const viewer = new Viewer(page, galleryUrl('isolated'));
      await viewer.open();
      const reference = readReference(shared!, name);
      const { runtime: used, values } = await deriveInPage(page, reference, backend);
      expect(used).toBe(backend);
      for (const [array, data] of Object.entries(values)) {
        const error = relativeL2(data, expected(reference, array));
        expect(error, array).toBeLessThan(toleranceOf(reference.folder, array));
      }
    });
  }
}

if (networks.length === 0) {
  test.skip('reference results are missing: no ../shared/oracles beside the project', () =>
    undefined);
}

test('WASM and WebGPU agree on an embedded network', async ({ page }) => {
  const viewer = new Viewer(page, galleryUrl('isolated'));
  await viewer.open('network=alexnet');
  await expect(viewer.classes).toHaveCount(5);
  const read = (
    backend: 'wasm' | 'webgpu',
  ): Promise<{ used: string; logits: number[]; map: number[] }> =>
    page.evaluate(async (choice) => {
      const { engine } = document.querySelector('filter-viewer')!;
      await engine.useBackend(choice);
      const { logits, layers, backend } = await engine.activations({
        network: 'alexnet',
        image: 'current',
        layers: ['relu5'],
        scores: true,
      });
      return { used: backend.backend, logits: [...logits!], map: [...layers[0]!.activation.data] };
    }, backend);
  const wasm = await read('wasm');
  const webgpu = await read('webgpu');
  expect([wasm.used, webgpu.used]).toEqual(['wasm', 'webgpu']);
  expect(relativeL2(webgpu.logits, wasm.logits)).toBeLessThan(1e-5);
  expect(relativeL2(webgpu.map, wasm.map)).toBeLessThan(1e-5);
});
