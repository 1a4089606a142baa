import type { ImageId, NetworkId } from '@convlens/engine';
import { openImage, openNetwork } from '../support/open-in-page.js';
import { expect, galleryUrl, test, Viewer } from '../support/viewer.js';

test('a worker that dies is replaced; network, image and view stay', async ({ page }) => {
  const viewer = new Viewer(page, galleryUrl('plain'));
  await viewer.open('network=vgg11&layer=relu2_1&channel=3&view=maps');
  await expect(viewer.classes).toHaveCount(5);
  const before = await viewer.classes.allInnerTexts();
  const [worker] = page.workers();
  await worker!.evaluate(() => {
    (globalThis as unknown as { close: () => void }).close();
  });
  await expect(page.getByText(/compute worker stopped.*nothing is lost/)).toBeVisible();
  await viewer.layer('relu1_1').click();
  await expect(viewer.readout).toContainText('relu1_1: 16', { timeout: 90_000 });
  await expect(viewer.classes).toHaveText(before);
  await expect(viewer.network()).toHaveValue('vgg11');
});

test('a lost GPU device: the next backend goes on by itself', async ({ page, context }) => {
  test.setTimeout(1_200_000);
  const viewer = new Viewer(page, galleryUrl('isolated'));
  await viewer.open('network=alexnet&layer=relu1&view=maps');
  await expect(viewer.classes).toHaveCount(5);
  await page.getByLabel('Backend').selectOption('WebGPU');
  await expect(page.locator('.badge')).toHaveAttribute('data-backend', 'webgpu', {
    timeout: 240_000,
  });
  const before = await viewer.classes.allInnerTexts();
  const browser = await context.browser()!.newBrowserCDPSession();
  await browser.send('Browser.crashGpuProcess').catch(() => undefined);
  await viewer.layer('relu2').click();
  await expect(page.locator('.badge')).toHaveAttribute('data-backend', 'wasm', {
    timeout: 240_000,
  });
  await expect(viewer.readout).toContainText('relu2: 80');
  await expect(viewer.classes.first()).toContainText(before[0]!.split('\n')[0]!);
  await expect(page.locator('.badge')).toHaveAttribute(
    'title',
    /WebGPU is not used: its device was lost/,
  );
});

test('sessions and images do not pile up', async ({ page }) => {
  const viewer = new Viewer(page, galleryUrl('plain'));
  await viewer.open('network=vgg11');
  await expect(viewer.classes).toHaveCount(5);
  const network = await openNetwork(page, 'vgg11');
  const image = await openImage(page);
  const run = async ([network, image]: readonly [NetworkId, ImageId]) => {
    const { engine } = document.querySelector('filter-viewer')!;
    const layers = ['relu1_1', 'relu2_1', 'relu3_2', 'fc6'];
    const once = (i: number): Promise<unknown> =>
      engine.run('activations', {
        network,
        image,
        layers: [layers[i % 4]!],
        scores: true,
      });
    // The small runtime may have answered first, and would be replaced in the middle.
    await engine.useBackend('ort-wasm');
    for (let i = 0; i < 20; i++) await once(i);
    const early = await engine.memory();
    for (let i = 0; i < 300; i++) await once(i);
    return { early, late: await engine.memory() };
  };
  const report = await page.evaluate(run, [network, image] as const);
  expect(report.late).toEqual(report.early);
  expect(report.late.sessions).toBe(1);
  expect(report.late.wasm).toBeGreaterThan(1e6);
  for (const network of ['AlexNet', 'DenseNet', 'VGG-11']) {
    await viewer.network().selectOption(network);
    await expect(viewer.classes).toHaveCount(5);
  }
  // The network before is given back when the new one is shown: the test has one with its program, the viewer another.
  await expect
    .poll(async () => {
      const { sessions, networks, images } = await page.evaluate(() =>
        document.querySelector('filter-viewer')!.engine.memory(),
      );
      return [sessions, networks, images];
    })
    .toEqual([2, 2, 2]);
});
