import { COMBINATIONS, expectAccessible, tagOf } from '../support/accessibility.js';
import { expect, galleryUrl, test, Viewer } from '../support/viewer.js';

for (const scheme of ['light', 'dark'] as const) {
  test(
    `axe finds nothing in the viewer, ${scheme}`,
    { tag: tagOf(1440, scheme) },
    async ({ viewer, page }) => {
      await page.emulateMedia({ colorScheme: scheme });
      await viewer.open('network=resnet18&layer=layer1.0.relu&channel=2&view=maps');
      await expect(viewer.classes).toHaveCount(5);
      await expectAccessible(page);
      await page.keyboard.press('1');
      await expect(viewer.readout).toContainText('Filter 2');
      await page.getByText('Numbers', { exact: true }).click();
      await page.locator('details').last().locator('summary').click();
      await page.getByRole('button', { name: 'Link…' }).click();
      await expectAccessible(page);
      await viewer.chooseFile('Photo…', {
        name: 'a.png',
        mimeType: 'image/png',
        buffer: Buffer.from('x'),
      });
      await expect(viewer.problem).toBeVisible();
      await expectAccessible(page);
      await viewer.shot(`viewer-${scheme}`);
    },
  );

  test(
    `axe finds nothing on the front page and the course page, ${scheme}`,
    { tag: tagOf(1440, scheme) },
    async ({ page }) => {
      await page.emulateMedia({ colorScheme: scheme });
      const viewer = new Viewer(page, galleryUrl('plain'));
      await page.goto(viewer.base);
      await expect(page.getByText('WebAssembly', { exact: true })).toBeVisible();
      await expectAccessible(page);
      await viewer.shot(`gallery-${scheme}`);
      await page.goto(`${viewer.base}examples/course.html`);
      await expect(viewer.classes).toHaveCount(5);
      await expectAccessible(page);
    },
  );

  test(
    `the viewer works at 360 px, ${scheme}`,
    { tag: tagOf(360, scheme) },
    async ({ viewer, page }) => {
      await page.emulateMedia({ colorScheme: scheme });
      await page.setViewportSize({ width: 360, height: 780 });
      await viewer.open('network=alexnet&layer=relu2');
      await viewer.showMaps();
      await viewer.unit(1).click();
      await expect(page.getByRole('heading', { name: 'Channel 1, relu2' })).toBeVisible();
      await viewer.shot(`narrow-${scheme}`);
      await page.getByRole('heading', { name: 'Channel 1, relu2' }).scrollIntoViewIfNeeded();
      await viewer.shot(`narrow-inspector-${scheme}`);
      await expectAccessible(page);
    },
  );
}

for (const [scheme, width] of COMBINATIONS) {
  test(
    `axe finds nothing in projections, patches, switches and attribution at ${width} px, ${scheme}`,
    { tag: tagOf(width, scheme) },
    async ({ viewer, page }) => {
      await page.emulateMedia({ colorScheme: scheme });
      await page.setViewportSize({ width, height: 900 });
      await viewer.open('network=alexnet&layer=relu3&channel=28&view=projections');
      const panel = page.locator('lens-patches-panel');
      await expect(panel.getByRole('listitem')).toHaveCount(9, { timeout: 90_000 });
      await expect(panel.getByRole('button', { name: 'Stop' })).toBeHidden({ timeout: 90_000 });
      await expectAccessible(page);
      await panel.getByRole('heading').scrollIntoViewIfNeeded();
      await viewer.shot(`patches-${width}-${scheme}`);
      await page.getByRole('tab', { name: 'Feature maps' }).click();
      await page.getByRole('button', { name: 'Switches of pool2' }).click();
      await viewer.unit(1).click();
      await expect(page.locator('lens-switch-inspector')).toContainText('came from');
      await expectAccessible(page);
      await page.getByRole('tab', { name: 'Attribution' }).click();
      await page.getByLabel('Target').selectOption('The pinned unit');
      await expect(page.getByRole('img', { name: /for channel 1 of pool2/ }).first()).toBeVisible();
      await expectAccessible(page);
      await viewer.shot(`unit-attribution-${width}-${scheme}`);
    },
  );
}

test('pictures have text alternatives with their numbers', async ({ viewer, page }) => {
  await viewer.open('network=resnet18&layer=layer1.0.relu&channel=2&view=maps');
  await expect(
    page.getByRole('img', { name: /channel 2 of layer1\.0\.relu over it: largest value [\d.]+/ }),
  ).toBeVisible();
  await expect(viewer.unit(5)).toHaveAttribute(
    'aria-label',
    /Channel 5, largest [\d.]+ at row \d+, column \d+/,
  );
  await expect(viewer.grid.getByRole('listbox')).toHaveAttribute(
    'aria-label',
    'Feature maps of layer1.0.relu',
  );
});
