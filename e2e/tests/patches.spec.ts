import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Locator, Page } from '@playwright/test';
import { strToU8, zipSync } from 'fflate';
import { writePng } from '@convlens/data/png';
import { renderSample, sampleScenes } from '@convlens/data/samples';
import { watchEngine } from '../support/engine-calls.js';
import { expect, test } from '../support/viewer.js';

const HASH = 'network=alexnet&layer=relu3&channel=28&view=projections';

/** Samples as small files, in an order of names that is that of the list. */
const pictures = sampleScenes.map(({ id }, at) => ({
  name: `${String(at).padStart(2, '0')}-${id}.png`,
  mimeType: 'image/png',
  buffer: Buffer.from(writePng(renderSample(id, 64))),
}));
const broken = { name: 'broken.png', mimeType: 'image/png', buffer: Buffer.from('no picture') };

const panelOf = (page: Page): Locator => page.locator('lens-patches-panel');
const patchesOf = (page: Page): Locator =>
  panelOf(page).getByRole('list', { name: 'Strongest patches' }).getByRole('button');

/** What is said of the patches, when the search is over. */
async function finished(page: Page, title: string): Promise<string[]> {
  await expect(panelOf(page)).toContainText(title, { timeout: 90_000 });
  await expect(panelOf(page).getByRole('progressbar')).toBeHidden({ timeout: 90_000 });
  return patchesOf(page).evaluateAll((buttons) => buttons.map((button) => button.ariaLabel!));
}

/** How many different values the pixels of each canvas of a kind have. */
const richness = (page: Page, kind: string): Promise<number[]> =>
  panelOf(page)
    .locator(`canvas[data-kind=${kind}]`)
    .evaluateAll((canvases) =>
      (canvases as HTMLCanvasElement[]).map((canvas) => {
        const { data } = canvas.getContext('2d')!.getImageData(0, 0, canvas.width, canvas.height);
        return new Set(data).size;
      }),
    );

async function give(
  page: Page,
  button: string,
  files: string | { name: string; mimeType: string; buffer: Buffer }[],
): Promise<void> {
  const chooser = page.waitForEvent('filechooser');
  await panelOf(page).getByRole('button', { name: button }).click();
  await (await chooser).setFiles(files);
}

test('samples: nine patches over their projections, another channel at once', async ({
  viewer,
  page,
}) => {
  const calls = await watchEngine(page);
  await viewer.open(HASH);
  const said = await finished(page, '11 samples');
  expect(said.length).toBe(9);
  const values = said.map((words) => Number(/, ([\d.]+) at row/.exec(words)![1]));
  expect([...values].sort((a, b) => b - a)).toEqual(values);
  expect(new Set(said.map((words) => words.split(',')[0])).size).toBe(9);
  await expect
    .poll(async () => Math.min(...(await richness(page, 'projection'))), { timeout: 90_000 })
    .toBeGreaterThan(50);
  for (const count of await richness(page, 'image')) expect(count).toBeGreaterThan(50);
  await viewer.shot('patches');

  const before = (await calls()).answered.rankImages;
  expect(before).toBeGreaterThan(0);
  await page.getByRole('spinbutton', { name: 'Channel' }).fill('3');
  await page.getByRole('spinbutton', { name: 'Channel' }).press('Enter');
  await expect(panelOf(page).getByRole('heading')).toHaveText(/channel 3 of relu3/);
  expect(await finished(page, '11 samples')).not.toEqual(said);
  expect((await calls()).answered.rankImages).toBe(before);

  const projections = (): Promise<string[]> =>
    panelOf(page)
      .locator('canvas[data-kind=projection]')
      .evaluateAll((all) => all.map((canvas) => (canvas as HTMLCanvasElement).toDataURL()));
  await expect
    .poll(async () => Math.min(...(await richness(page, 'projection'))), { timeout: 90_000 })
    .toBeGreaterThan(50);
  const deconvnet = await projections();
  await panelOf(page).getByLabel('Rule').selectOption('Gradient');
  await expect(page).toHaveURL(/rule=backprop/);
  await expect
    .poll(async () => (await projections()).filter((one, i) => one === deconvnet[i]).length)
    .toBe(0);
});

test('a patch opens its image with the unit pinned, by keyboard too', async ({ viewer, page }) => {
  await viewer.open(HASH);
  const said = await finished(page, '11 samples');
  const [, name, row, column] = /: (.+), [\d.]+ at row (\d+), column (\d+)/.exec(said[3]!)!;
  await patchesOf(page).nth(3).focus();
  await page.keyboard.press('Enter');
  await expect(page.getByRole('img', { name: `The image: ${name}.` })).toBeVisible();
  await expect(page).toHaveURL(new RegExp(`channel=28.*row=${row}.*column=${column}`));
  await expect(page.locator('lens-projection-panel')).toContainText(
    `at row ${row}, column ${column}`,
  );
});

test('several files, one of them broken: it is named, the others are ranked', async ({
  viewer,
  page,
}) => {
  await viewer.open(HASH);
  const samples = await finished(page, '11 samples');
  await give(page, 'Images or zip…', [...pictures.slice(0, 4), broken]);
  const said = await finished(page, 'your files: 5 images');
  expect(said.length).toBe(4);
  await panelOf(page).getByText('1 image was left out').click();
  await expect(panelOf(page)).toContainText('broken.png: Expected an image');
  await panelOf(page).getByRole('button', { name: 'Samples' }).click();
  expect(await finished(page, '11 samples')).toEqual(samples);
  await page.keyboard.press('2');
  await page.evaluate(
    (files) => {
      const data = new DataTransfer();
      for (const [name, bytes] of files) {
        data.items.add(new File([Uint8Array.from(bytes)], name, { type: 'image/png' }));
      }
      const drop = new DragEvent('drop', { dataTransfer: data, bubbles: true });
      document.querySelector('filter-viewer')!.dispatchEvent(drop);
    },
    pictures.slice(0, 3).map(({ name, buffer }) => [name, [...buffer]] as const),
  );
  expect((await finished(page, 'your files: 3 images')).length).toBe(3);
});

test('a zip: its images only, without hidden files; a damaged one is said', async ({
  viewer,
  page,
}) => {
  await viewer.open(HASH);
  await finished(page, '11 samples');
  await give(page, 'Images or zip…', pictures);
  const alone = await finished(page, 'your files: 11 images');
  const files = Object.fromEntries(pictures.map(({ name, buffer }) => [`set/${name}`, buffer]));
  const zip = zipSync({
    ...files,
    '__MACOSX/set/._00-espresso.png': strToU8('not a picture'),
    'set/.hidden.png': strToU8('not a picture'),
    'set/notes.txt': strToU8('not a picture'),
  });
  const mimeType = 'application/zip';
  await give(page, 'Images or zip…', [
    { name: 'pictures.zip', mimeType, buffer: Buffer.from(zip) },
  ]);
  const zipped = await finished(page, 'pictures.zip: 11 images');
  expect(zipped.map((words) => words.replace('set/', ''))).toEqual(alone);
  await expect(panelOf(page)).not.toContainText('left out');
  await give(page, 'Images or zip…', [
    { name: 'cut.zip', mimeType, buffer: Buffer.from(zip.slice(0, 2000)) },
  ]);
  await expect(viewer.problem).toHaveAttribute('data-code', 'E_ZIP');
  await expect(panelOf(page)).toContainText('pictures.zip: 11 images');
});

test('a folder: stopped, it keeps what it found and goes on to the same end', async ({
  viewer,
  page,
}) => {
  const folder = mkdtempSync(join(tmpdir(), 'convlens-set-'));
  mkdirSync(join(folder, '.thumbnails'));
  writeFileSync(join(folder, '.thumbnails', 'a.png'), 'not a picture');
  const count = 160;
  for (let at = 0; at < count; at++) {
    const { buffer } = pictures[at % pictures.length]!;
    writeFileSync(join(folder, `${at}.png`), buffer);
  }
  await viewer.open(HASH);
  await finished(page, '11 samples');
  await give(page, 'Folder…', folder);
  const progress = panelOf(page).getByRole('progressbar');
  await expect
    .poll(() => progress.evaluate((bar) => (bar as HTMLProgressElement).value))
    .toBeGreaterThan(8);
  await panelOf(page).getByRole('button', { name: 'Stop' }).click();
  const goOn = panelOf(page).getByRole('button', { name: 'Go on' });
  await expect(goOn).toBeVisible();
  await expect(panelOf(page)).toContainText(/\d+ of 160 images/);
  const stoppedAt = Number(
    /(\d+) of 160/.exec(await panelOf(page).locator('.count').innerText())![1],
  );
  expect(stoppedAt).toBeGreaterThanOrEqual(8);
  expect(stoppedAt).toBeLessThan(count);
  // At most one patch an image: it may have stopped after the first eight.
  await expect(patchesOf(page)).toHaveCount(Math.min(9, stoppedAt));
  await goOn.click();
  const resumed = await finished(page, '160 images');
  await give(page, 'Folder…', folder);
  await expect(panelOf(page).getByRole('button', { name: 'Stop' })).toBeVisible();
  const whole = await finished(page, '160 images');
  expect(resumed).toEqual(whole);
});
