import { expect, galleryUrl, test, Viewer } from '../support/viewer.js';

test('the front page says what there is, and leads to the viewer', async ({ page }) => {
  await page.goto(galleryUrl('plain'));
  await expect(page.getByRole('heading', { level: 1 })).toHaveText(
    'Look inside a convolutional network',
  );
  await expect(page.getByRole('link', { name: 'Dream studio' })).toHaveAttribute(
    'href',
    'dream-studio/',
  );
  await expect(page.getByRole('link', { name: 'Adversarial lab' })).toHaveAttribute(
    'href',
    'adversarial-lab/',
  );
  const pictures = page.locator('.networks img');
  await expect(pictures).toHaveCount(5);
  for (const picture of await pictures.all()) {
    await picture.scrollIntoViewIfNeeded();
    await expect
      .poll(() => picture.evaluate((image: HTMLImageElement) => image.naturalWidth))
      .toBeGreaterThan(100);
  }
  await page.getByRole('link', { name: 'DenseNet', exact: true }).click();
  const viewer = new Viewer(page, galleryUrl('plain'));
  await expect(viewer.readout).toContainText('conv0: 32 filters');
});

test('every picture of the wall opens the view that made it', async ({ page }) => {
  await page.goto(galleryUrl('plain'));
  const links = page.locator('.wall a');
  expect(await links.count()).toBeGreaterThanOrEqual(12);
  await page.locator('.wall a[href^="filter-viewer"]').nth(1).click();
  const viewer = new Viewer(page, galleryUrl('plain'));
  await expect(page.getByRole('heading', { name: /^(Channel|Filter) \d+/ })).toBeVisible({
    timeout: 90_000,
  });
  expect(await viewer.colours()).toBeGreaterThan(50);
  await page.goto(galleryUrl('plain'));
  await page.locator('.wall a[href^="dream-studio"]').first().click();
  await expect(page.locator('.subject')).toHaveText('lemon', { timeout: 90_000 });
});

test('the machine is tested on request, and the answer says which backend and why', async ({
  page,
}) => {
  await page.goto(galleryUrl('plain'));
  await expect(page.locator('machine-card')).toContainText(
    'one thread (this page is not cross-origin isolated)',
  );
  await page.getByRole('button', { name: 'Test this machine' }).click();
  await expect(page.locator('machine-card')).toContainText(
    /WebAssembly with one thread.*WebGPU is not used: The GPU adapter .*emulated/,
    {
      timeout: 90_000,
    },
  );
  // Chromium has fused arithmetic, so the slower form of the kernels must not be what runs.
  await expect(page.locator('machine-card')).not.toContainText('fused arithmetic');
});
