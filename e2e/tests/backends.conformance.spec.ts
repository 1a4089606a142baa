import type { JobRequest } from '@convlens/engine';
import { openImage, openNetwork } from '../support/open-in-page.js';
import type { Page } from '@playwright/test';
import { full } from '@convlens/tooling/tier.mjs';
import { RUNTIMES } from '../support/conformance.js';
import { Lab } from '../support/lab.js';
import { difference, Studio } from '../support/studio.js';
import { expect, galleryUrl, test, Viewer } from '../support/viewer.js';

const BACKENDS = ['WebGPU', 'WebGL', 'WASM'] as const;

/** Chooses a backend as a person does, and waits until it is the one in use. */
async function choose(page: Page, backend: (typeof BACKENDS)[number]): Promise<void> {
  await page.getByLabel('Backend').selectOption(backend);
  const used = page.locator('[data-backend]');
  await expect(used).toHaveAttribute('data-backend', backend.toLowerCase(), { timeout: 360_000 });
}

test('the filter viewer gives the same answer on every backend that is chosen', async ({
  page,
}) => {
  test.setTimeout(1_200_000);
  const viewer = new Viewer(page, galleryUrl('isolated'));
  await viewer.open('network=alexnet&layer=relu1&view=maps');
  await expect(viewer.classes).toHaveCount(5);
  const answers: string[][] = [];
  for (const backend of BACKENDS) {
    await choose(page, backend);
    // Another layer asks the backend that was chosen.
    await viewer.layer(`relu${answers.length + 2}`).click();
    await expect(viewer.readout).toContainText(`relu${answers.length + 2}`, { timeout: 360_000 });
    answers.push(await viewer.classes.allInnerTexts());
  }
  expect(answers[1]).toEqual(answers[0]);
  expect(answers[2]).toEqual(answers[0]);
});

test(
  'the dream studio makes the same picture on every backend that is chosen',
  { tag: '@full' },
  async ({ page }) => {
    test.setTimeout(1_200_000);
    const studio = new Studio(page, galleryUrl('isolated'));
    const recipe = 'network=vgg11&make=unit&layer=relu1_1&channel=3&set=steps:10';
    const pictures: number[][] = [];
    for (const backend of BACKENDS) {
      await studio.open(recipe);
      await studio.done();
      await choose(page, backend);
      await studio.setNumber('Steps', 11);
      await studio.done(360_000);
      pictures.push(await studio.picture());
    }
    // Grey levels, in the mean: rounding moves single pixels by one or two.
    expect(difference(pictures[1]!, pictures[0]!)).toBeLessThan(1);
    expect(difference(pictures[2]!, pictures[0]!)).toBeLessThan(1);
  },
);

test(
  'the adversarial lab fools the network on every backend that is chosen',
  { tag: '@full' },
  async ({ page }) => {
    test.setTimeout(1_200_000);
    const lab = new Lab(page, galleryUrl('isolated'));
    // A step on an emulated GPU takes seconds.
    await lab.open('attack=pgd&set=steps:5');
    await lab.done();
    const verdicts: string[] = [];
    for (const backend of BACKENDS) {
      await choose(page, backend);
      await lab.button('Attack again').click();
      await expect(lab.button('Stop')).toBeVisible();
      await lab.done(360_000);
      verdicts.push(await lab.verdict.innerText());
    }
    expect(verdicts[0]).toContain('Fooled: lemon');
    expect(new Set(verdicts).size).toBe(1);
  },
);

test('while megabytes are on their way, a small runtime answers', async ({ page }) => {
  test.setTimeout(1_200_000);
  let arrive = (): void => undefined;
  const line = new Promise<void>((resolve) => (arrive = resolve));
  await page.route('**/runtime/ort-wasm-*.wasm', async (route) => {
    await line;
    await route.continue();
  });
  const viewer = new Viewer(page, galleryUrl('isolated'));
  await viewer.open('network=alexnet&layer=relu1&view=maps');
  await expect(viewer.classes).toHaveCount(5, { timeout: 90_000 });
  // With more threads than this machine may have, ONNX Runtime is the better one.
  const answer = (): Promise<{ runtime: string | undefined; logits: number[] }> =>
    page.evaluate(async () => {
      const { engine } = document.querySelector('filter-viewer')!;
      const kept = globalThis as { many?: typeof engine; request?: JobRequest<'activations'> };
      if (!kept.many) {
        const Client = engine.constructor as new (options: object) => typeof engine;
        const workerUrl = performance
          .getEntriesByType('resource')
          .find(({ name }) => name.includes('engine.worker'))!.name;
        const runtimeBase = new URL('../runtime/', document.baseURI);
        kept.many = new Client({ runtimeBase, workerUrl, threads: 4 });
        const network = await kept.many.openNetwork({ id: 'built', built: 'resnet18-224' });
        const data = Uint8ClampedArray.from({ length: 4 * 50 ** 2 }, (_, i) => (i * 7) % 256);
        const image = await kept.many.openImage({ pixels: { data, width: 50, height: 50 } });
        kept.request = { network: network.id, image: image.id, layers: [], scores: true };
      }
      const { logits } = await kept.many.run('activations', kept.request!);
      return { runtime: kept.many.backend?.runtime, logits: Array.from(logits!) };
    });
  const before = await answer();
  expect(before.runtime).toBe('tfjs-wasm');
  arrive();
  await expect.poll(async () => (await answer()).runtime, { timeout: 360_000 }).toBe('ort-wasm');
  const [one, other] = [before.logits, (await answer()).logits];
  const size = Math.hypot(...one);
  expect(Math.hypot(...one.map((logit, i) => logit - other[i]!)) / size).toBeLessThan(1e-5);
});

test('a WebGL context that is lost in the middle of a run: the next backend goes on', async ({
  page,
}) => {
  test.setTimeout(1_200_000);
  const studio = new Studio(page, galleryUrl('isolated'));
  await studio.open('network=vgg11&make=unit&layer=relu1_1&channel=3&set=steps:10');
  await studio.done();
  const [worker] = page.workers();
  // The context is the engine's own; the browser loses it as it would after a driver's reset.
  await worker!.evaluate(() => {
    const prototype = OffscreenCanvas.prototype as unknown as {
      getContext: (...args: unknown[]) => unknown;
    };
    const { getContext } = prototype;
    prototype.getContext = function (this: OffscreenCanvas, ...args) {
      const context = getContext.apply(this, args);
      if (args[0] === 'webgl2') Object.assign(globalThis, { lastContext: context });
      return context;
    };
  });
  await choose(page, 'WebGL');
  await studio.setNumber('Steps', 4000);
  await expect.poll(() => studio.film.count(), { timeout: 360_000 }).toBeGreaterThan(1);
  await worker!.evaluate(() => {
    const { lastContext } = globalThis as unknown as { lastContext: WebGL2RenderingContext };
    lastContext.getExtension('WEBGL_lose_context')!.loseContext();
  });
  await expect(page.locator('[data-backend]')).toHaveAttribute('data-backend', 'wasm', {
    timeout: 360_000,
  });
  await expect(studio.status).toContainText(/Running|Done/);
  await expect(studio.problem).toBeHidden();
});

test('tensors and sessions do not pile up on any runtime', async ({ page }) => {
  test.setTimeout(3_600_000);
  const viewer = new Viewer(page, galleryUrl('plain'));
  await viewer.open('network=vgg11');
  await expect(viewer.classes).toHaveCount(5);
  const network = await openNetwork(page, 'vgg11');
  const image = await openImage(page);
  // A step on an emulated GPU takes a second. What keeps the books is the same for all runtimes of a kind.
  for (const runtime of full ? RUNTIMES : (['ort-wasm', 'tfjs-wasm'] as const)) {
    const { used, early, late } = await page.evaluate(
      async ([choice, count, network, image]) => {
        const { engine } = document.querySelector('filter-viewer')!;
        const report = await engine.useBackend(choice);
        const step = (): Promise<unknown> =>
          engine.run('projections', {
            network,
            image,
            target: { kind: 'channel', layer: 'relu1_1', channel: 3 },
            rules: ['backprop'],
          });
        for (let i = 0; i < 10; i++) await step();
        const before = await engine.memory();
        for (let i = 10; i < count; i++) await step();
        return { used: report.runtime, early: before, late: await engine.memory() };
      },
      // What a step leaves behind shows after few; a thousand also show what one in hundreds does.
      [runtime, full ? 1000 : 60, network, image] as const,
    );
    expect(used).toBe(runtime);
    expect(late, runtime).toEqual(early);
    expect(late.tensors > 0).toBe(runtime.startsWith('tfjs'));
  }
});
