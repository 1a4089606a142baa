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
  await expect
    .poll(async () => {
      const picture = await panel
        .locator('canvas[data-picture=guided]')
        .evaluate((canvas) => (canvas as HTMLCanvasElement).toDataURL());
      return seen.add(picture).size;
    })
    .toBeGreaterThanOrEqual(8);
  const after = await calls();
  expect(after.answered.projections).toBeGreaterThanOrEqual(before.answered.projections! + 7);
  expect(after.mostOpen).toBe(1);
  expect(after.answered.rankImages ?? 0).toBe(0);

  // The lens is left: no projection is asked for any more, and the maps go on.
  await page.getByRole('tab', { name: 'Feature maps' }).click();
  // The camera asks for one thing at a time: with the first maps, the last projections have been answered.
  await expect
    .poll(async () => (await calls()).answered.activations!)
    .toBeGreaterThan(after.answered.activations!);
  const left = await calls();
  await expect
    .poll(async () => (await calls()).answered.activations!)
    .toBeGreaterThan(left.answered.activations! + 3);
  expect((await calls()).answered.projections).toBe(left.answered.projections);
  await expect(viewer.problem).toBeHidden();
});
