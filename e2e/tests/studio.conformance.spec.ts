import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import {
  classGoal,
  dreamRecipe,
  presets,
  invertRecipe,
  visualizeRecipe,
  type Recipe,
} from '@convlens/core';
import { openImage, openNetwork } from '../support/open-in-page.js';
import { createNodeEngine, type Frame } from '@convlens/engine/node';
import type { EngineClient } from '@convlens/engine';
import { full } from '@convlens/tooling/tier.mjs';
import { expect, galleryUrl, test } from '../support/viewer.js';
import { difference } from '../support/studio.js';

/** Rounding parts the three a little more with every step. */
const STEPS = full ? 100 : 10;

/** The recipe in Node. */
async function inNode(network: string, recipe: Recipe): Promise<Frame> {
  const engine = createNodeEngine();
  const url = fileURLToPath(new URL(`../../models/${network}.onnx`, import.meta.url));
  const manifest = JSON.parse(
    readFileSync(fileURLToPath(new URL('../../models/manifest.json', import.meta.url)), 'utf8'),
  ) as { networks: { id: string; preprocessing: never }[] };
  const { preprocessing } = manifest.networks.find(({ id }) => id === network)!;
  const { id } = await engine.openNetwork({ id: network, url, knowledge: { preprocessing } });
  return (await engine.run('recipe', { network: id, recipe })).frame;
}

for (const network of ['alexnet']) {
  test(`${network}: the same recipe gives the same picture in Node, on WASM and on WebGPU`, async ({
    page,
  }) => {
    test.setTimeout(1_200_000);
    const [preset] = presets({ input: { name: 'input', shape: [3, 64, 64] } });
    const recipe = { ...visualizeRecipe(network, [classGoal(13)], preset!, 7), steps: STEPS };
    const node = await inNode(network, recipe);
    await page.goto(`${galleryUrl('plain')}filter-viewer/#v=1&network=${network}`);
    await page.waitForFunction(
      () =>
        document.querySelector('filter-viewer')?.shadowRoot?.querySelector('.readout')?.textContent,
    );
    const own = await openNetwork(page, network);
    for (const backend of ['wasm', 'webgpu'] as const) {
      const found = await page.evaluate(
        async ([choice, id, made]) => {
          const { engine } = document.querySelector('filter-viewer') as unknown as {
            engine: EngineClient;
          };
          const report = await engine.useBackend(choice);
          const { frame } = await engine.run('recipe', { network: id, recipe: made });
          return {
            backend: report.backend,
            resident: frame.resident === true,
            value: frame.values.at(-1)![0]!,
            picture: [...frame.pictures[0]!.data],
          };
        },
        [backend, own, recipe] as const,
      );
      expect(found.backend, 'a missing adapter fails').toBe(backend);
      expect(found.resident, 'only a GPU keeps the numbers').toBe(backend === 'webgpu');
      const value = node.values.at(-1)![0]!;
      const apart = difference([...node.pictures[0]!.data], found.picture);
      console.info(
        `${network}, ${backend}: objective ${found.value.toFixed(4)} (Node ${value.toFixed(4)}), picture ${apart.toFixed(3)} grey levels apart in the mean`,
      );
      expect(Math.abs(found.value / value - 1)).toBeLessThan(0.02);
      expect(apart).toBeLessThan(6);
    }
  });
}

/** What is fed an image: a dream over two sizes in tiles, and one that rebuilds it from a layer. */
const IMAGES: Record<string, Recipe> = {
  'a dream': {
    ...dreamRecipe('alexnet', [{ kind: 'layer', layer: 'relu2' }], 'photo'),
    octaves: 2,
    steps: 3,
  },
  'an inversion': { ...invertRecipe('alexnet', { layers: [] }, 'relu2', 'photo'), steps: 6 },
};

for (const [name, recipe] of Object.entries(IMAGES)) {
  const title = `${name} of a photo stays on the GPU, and is that of WASM`;
  test(title, { tag: '@full' }, async ({ page }) => {
    test.setTimeout(600_000);
    await page.goto(`${galleryUrl('plain')}filter-viewer/#v=1&network=alexnet`);
    await page.waitForFunction(
      () =>
        document.querySelector('filter-viewer')?.shadowRoot?.querySelector('.readout')?.textContent,
    );
    const network = await openNetwork(page, 'alexnet');
    const image = await openImage(page);
    const run = (backend: 'wasm' | 'webgpu') =>
      page.evaluate(
        async ([choice, made, network, image]) => {
          const { engine } = document.querySelector('filter-viewer') as unknown as {
            engine: EngineClient;
          };
          const report = await engine.useBackend(choice);
          const { frame } = await engine.run('recipe', { network, recipe: made, image });
          return {
            backend: report.backend,
            resident: frame.resident === true,
            values: frame.values.map((values) => values[0]!),
            picture: [...frame.pictures[0]!.data],
          };
        },
        [backend, recipe, network, image] as const,
      );
    const [wasm, webgpu] = [await run('wasm'), await run('webgpu')];
    expect([wasm.backend, webgpu.backend], 'a missing adapter fails').toEqual(['wasm', 'webgpu']);
    expect([wasm.resident, webgpu.resident]).toEqual([false, true]);
    expect(webgpu.values).toHaveLength(6);
    for (const [i, value] of wasm.values.entries()) {
      expect(Math.abs(webgpu.values[i]! / value - 1)).toBeLessThan(1e-3);
    }
    expect(difference(wasm.picture, webgpu.picture)).toBeLessThan(0.1);
  });
}
