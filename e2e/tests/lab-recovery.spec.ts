import { expect, galleryUrl, test } from '../support/viewer.js';
import { Lab } from '../support/lab.js';

test('a worker that dies in the middle of an attack: another begins it anew', async ({ page }) => {
  test.setTimeout(600_000);
  const lab = new Lab(page, galleryUrl('plain'));
  await lab.open('attack=pgd&target=67&set=steps:300');
  const step = async (): Promise<number> =>
    Number(/step (\d+)/.exec(await page.locator('.verdict p').innerText())?.[1] ?? 0);
  await expect.poll(step, { timeout: 90_000 }).toBeGreaterThan(20);
  const [worker] = page.workers();
  await worker!.evaluate(() => {
    (globalThis as unknown as { close: () => void }).close();
  });
  await expect(page.getByText(/compute worker stopped.*begun anew/)).toBeVisible();
  await lab.done(90_000);
  await expect(lab.verdict).toHaveText('Fooled: lemon → teapot, still as a PNG');
  await expect(lab.problem).toHaveCount(0);
  // What tabs are about was opened in the new worker, too.
  await expect(lab.panel.getByRole('list', { name: 'Channels' })).toBeVisible({ timeout: 90_000 });
});
