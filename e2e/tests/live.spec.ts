import { watchEngine } from '../support/engine-calls.js';
import { expect, test } from '../support/viewer.js';

test('webcam: the projections of the pinned unit follow it, one request at a time', async ({
  viewer,
  page,
}) => {
  const calls = await watchEngine(page);
  await viewer.open('network=resnet18&layer=layer1.1.relu&channel=6&view=maps');
  await expect(viewer.classes).toHaveCount(5);
  await page.getByRole('button', { name: 'Camera' }).click();
  // Until the camera is on, projections of the sample are shown, with a search for its patches.
  await expect(page.locator('.badge')).toContainText('frames/s');
  await page.getByRole('tab', { name: 'Projections' }).click();
  const panel = page.locator('lens-projection-panel');
  await expect(panel.getByRole('img', { name: 'Guided projection of channel 6' })).toBeVisible({
    timeout: 90_000,
  });
  await expect(page.locator('.badge')).toContainText('frames/s');

  // From here on only the camera asks for anything.
  const seen = new Set<string>();
  const before = await calls();
  const began = Date.now();
  while (seen.size < 8) {
    const picture = await panel
      .locator('canvas[data-picture=guided]')
      .evaluate((canvas) => (canvas as HTMLCanvasElement).toDataURL());
    seen.add(picture);
    expect(Date.now() - began, `${seen.size} different pictures`).toBeLessThan(30_000);
  }
  const after = await calls();
  const frames = after.answered.projections! - before.answered.projections!;
  const rate = (frames * 1000) / (Date.now() - began);
  console.log(`projections of the webcam: ${rate.toFixed(1)} frames/s, three rules each`);
  test.info().annotations.push({ type: 'frames per second', description: rate.toFixed(1) });
  expect(after.mostOpen).toBe(1);
  expect(after.answered.rankImages ?? 0).toBe(0);

  // The lens is left: no projection is asked for any more, and the maps go on.
  await page.getByRole('tab', { name: 'Feature maps' }).click();
  await page.waitForTimeout(300);
  const left = await calls();
  await expect
    .poll(async () => (await calls()).answered.activations!)
    .toBeGreaterThan(left.answered.activations! + 3);
  expect((await calls()).answered.projections).toBe(left.answered.projections);
  await expect(viewer.problem).toBeHidden();
});
