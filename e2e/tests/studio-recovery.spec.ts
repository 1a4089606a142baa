import { expect, galleryUrl, test } from '../support/viewer.js';
import { Studio } from '../support/studio.js';

test('a worker that dies in the middle of a run: it goes on from the last frame', async ({
  page,
}) => {
  test.setTimeout(1_200_000);
  const studio = new Studio(page, galleryUrl('plain'));
  await studio.open('network=alexnet&set=steps:2500');
  await expect.poll(() => studio.film.count(), { timeout: 90_000 }).toBeGreaterThan(1);
  const step = async (): Promise<number> =>
    Number(/step (\d+)/.exec(await studio.status.innerText())?.[1] ?? 0);
  const before = await step();
  const [worker] = page.workers();
  await worker!.evaluate(() => {
    (globalThis as unknown as { close: () => void }).close();
  });
  await expect(page.getByText(/compute worker stopped.*goes on from the last frame/)).toBeVisible();
  await expect.poll(step, { timeout: 90_000 }).toBeGreaterThan(before);
  await expect(studio.status).toContainText('Running');
});

test('a lost GPU in the middle of a run: the next backend goes on', async ({ page, context }) => {
  test.setTimeout(1_200_000);
  const studio = new Studio(page, galleryUrl('isolated'));
  await studio.open('network=vgg11&make=unit&layer=relu1_1&channel=3&set=steps:30');
  await studio.done();
  await page.getByLabel('Backend').selectOption('WebGPU');
  await expect(page.locator('[data-backend]')).toHaveAttribute('data-backend', 'webgpu', {
    timeout: 240_000,
  });
  await studio.setNumber('Steps', 4000);
  await expect.poll(() => studio.film.count(), { timeout: 240_000 }).toBeGreaterThan(1);
  const browser = await context.browser()!.newBrowserCDPSession();
  await browser.send('Browser.crashGpuProcess').catch(() => undefined);
  await expect(page.locator('[data-backend]')).toHaveAttribute('data-backend', 'wasm', {
    timeout: 240_000,
  });
  await expect(studio.status).toContainText(/Running|Done/);
  await expect(studio.problem).toBeHidden();
});
