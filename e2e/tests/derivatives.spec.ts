import { expect, test } from '../support/viewer.js';

test('projections: three rules side by side for the pinned unit', async ({ viewer, page }) => {
  await viewer.open('network=resnet18&layer=layer2.1.relu&channel=5&view=projections');
  const panel = page.locator('lens-projection-panel');
  for (const name of ['Gradient', 'Deconvnet', 'Guided']) {
    await expect(panel.getByRole('img', { name: `${name} projection of channel 5` })).toBeVisible({
      timeout: 90_000,
    });
  }
  const colours = await panel.locator('canvas').evaluateAll((canvases) =>
    (canvases as HTMLCanvasElement[]).map((canvas) => {
      const { data } = canvas.getContext('2d')!.getImageData(0, 0, canvas.width, canvas.height);
      return new Set(data).size;
    }),
  );
  for (const count of colours) expect(count).toBeGreaterThan(60);
  await viewer.shot('projections');
  await page.getByLabel('Only its receptive field').check();
  await expect
    .poll(() =>
      panel
        .locator('canvas[data-picture=guided]')
        .evaluate((canvas) => (canvas as HTMLCanvasElement).width),
    )
    .toBeLessThan(64);
  await page.getByRole('spinbutton', { name: 'Channel' }).fill('9');
  await page.getByRole('spinbutton', { name: 'Channel' }).press('Enter');
  await expect(panel.getByRole('img', { name: 'Guided projection of channel 9' })).toBeVisible();
  await expect(page).toHaveURL(/channel=9/);
});

test('attribution: methods, class, and the sanity check', async ({ viewer, page }) => {
  await viewer.open('network=vgg11&view=attribution');
  await expect(viewer.classes).toHaveCount(5, { timeout: 90_000 });
  const panel = page.locator('lens-attribution-panel');
  const picture = (): Promise<string> =>
    panel
      .locator('canvas[data-picture=alone]')
      .evaluate((canvas) => (canvas as HTMLCanvasElement).toDataURL());
  let last = await picture();
  for (const method of [
    'Grad-CAM',
    'Integrated gradients',
    'Occlusion',
    'Guided Grad-CAM',
    'SmoothGrad',
  ]) {
    await page.getByRole('combobox', { name: 'Method' }).selectOption(method);
    const before = last;
    await expect.poll(picture, { timeout: 90_000 }).not.toBe(before);
    last = await picture();
  }
  await page.getByRole('combobox', { name: 'Method' }).selectOption('Integrated gradients');
  await expect(panel).toContainText(/Completeness gap: -?[\d.]+/, { timeout: 90_000 });
  await viewer.shot('attribution');
  const kept = await picture();
  await page.getByRole('slider', { name: /Weights made random/ }).fill('2');
  await expect(page).toHaveURL(/randomised=2/);
  await expect.poll(picture, { timeout: 90_000 }).not.toBe(kept);
  await page.getByRole('combobox', { name: 'Class' }).selectOption('lemon');
  await expect(page).toHaveURL(/target=48/);
});

test('attribution of the pinned unit, and where a method does not apply', async ({
  viewer,
  page,
}) => {
  await viewer.open('network=alexnet&layer=relu3&channel=28&view=attribution');
  const panel = page.locator('lens-attribution-panel');
  const alone = panel.locator('canvas[data-picture=alone]');
  const picture = (): Promise<string> =>
    alone.evaluate((canvas) => (canvas as HTMLCanvasElement).toDataURL());
  await expect(panel.getByRole('img', { name: 'Saliency for espresso, alone' })).toBeVisible({
    timeout: 90_000,
  });
  const ofClass = await picture();
  await panel.getByLabel('Target').selectOption('The pinned unit');
  await expect(page).toHaveURL(/of=unit/);
  await expect(alone).toHaveAttribute(
    'aria-label',
    'Saliency for channel 28 of relu3 at row 4, column 3, alone',
  );
  await expect.poll(picture).not.toBe(ofClass);
  // The unit sees 51 of the 64 pixels: a border stays dark, which no class leaves.
  const dark = await alone.evaluate((canvas) => {
    const { width, height } = canvas as HTMLCanvasElement;
    const { data } = (canvas as HTMLCanvasElement)
      .getContext('2d')!
      .getImageData(0, 0, width, height);
    const column = (x: number): Set<string> =>
      new Set(
        Array.from({ length: height }, (_, y) =>
          [...data.subarray((y * width + x) * 4, (y * width + x) * 4 + 3)].join(),
        ),
      );
    return [column(width - 1).size, column(width >> 1).size];
  });
  expect(dark[0]).toBe(1);
  expect(dark[1]).toBeGreaterThan(20);

  await panel.getByLabel('Method').selectOption('Grad-CAM');
  await expect(panel).toContainText('Over the maps of pool2');
  await viewer.layer('relu1').click();
  await expect(panel).toContainText('Grad-CAM does not apply');
  await expect(viewer.problem).toBeHidden();
  await panel.getByLabel('Method').selectOption('Occlusion');
  await expect(panel).not.toContainText('does not apply');
  await expect(alone).toBeVisible({ timeout: 90_000 });
  await panel.getByRole('slider', { name: /Weights made random/ }).fill('3');
  await expect(panel).toContainText('play no part in it');
});
