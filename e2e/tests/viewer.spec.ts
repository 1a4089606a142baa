import { readFileSync } from 'node:fs';
import { readPng, writePng } from '@convlens/data/png';
import { expect, frames, shared, test } from '../support/viewer.js';

test(
  'opens on first-layer filters in colour, before any runtime has loaded',
  { tag: '@isolated' },
  async ({ viewer, page }) => {
    const asked: string[] = [];
    page.on('request', (request) => asked.push(request.url()));
    let before: string[] | undefined;
    await page.exposeFunction('firstPictures', () => (before ??= [...asked]));
    await page.addInitScript(() => {
      addEventListener('load', () => {
        document.querySelector('filter-viewer')?.addEventListener('load', () => {
          void (globalThis as unknown as { firstPictures: () => void }).firstPictures();
        });
      });
    });
    await viewer.open();
    await expect.poll(() => before).toBeDefined();
    expect(before!.filter((url) => /ort|runtime/.test(url))).toEqual([]);
    await expect(viewer.readout).toHaveText('conv1: 32 filters, 7 × 7, 3 inputs each');
    await expect.poll(() => viewer.colours()).toBeGreaterThan(500);
    await viewer.shot('filters');
  },
);

for (const [network, layer, readout] of [
  ['AlexNet', 'conv1', '32 filters, 11 × 11, 3 inputs each'],
  ['VGG-11', 'conv1_1', '16 filters, 3 × 3, 3 inputs each'],
  ['DenseNet', 'conv0', '32 filters, 7 × 7, 3 inputs each'],
  ['ResNet-18, adversarially trained', 'conv1', '32 filters, 7 × 7, 3 inputs each'],
] as const) {
  test(`${network}: filters, deeper slices, feature maps`, async ({ viewer }) => {
    await viewer.open();
    await viewer.network().selectOption(network);
    await expect(viewer.readout).toHaveText(`${layer}: ${readout}`);
    await expect(viewer.layer(layer)).toHaveAttribute('aria-selected', 'true');
    await viewer.showMaps();
    await expect.poll(() => viewer.colours()).toBeGreaterThan(100);
    await expect(viewer.classes).toHaveCount(5);
  });
}

test('a filter opens with its numbers; the scale and the order can be switched', async ({
  viewer,
  page,
}) => {
  await viewer.open('network=alexnet');
  await viewer.unit(3).click();
  await expect(page.getByRole('heading', { name: 'Filter 3, conv1' })).toBeVisible();
  await expect(
    page.getByRole('img', { name: /Filter 3 of conv1: weights from .* to .*, norm/ }),
  ).toBeVisible();
  await page.getByText('Numbers', { exact: true }).click();
  await expect(page.locator('lens-kernel-inspector td')).toHaveCount(121);
  await page.locator('lens-kernel-inspector select').selectOption('blue');
  const alone = await viewer.colours();
  await page.getByLabel('Scale of the colours').selectOption('One scale for all');
  await expect.poll(() => viewer.colours()).not.toBe(alone);
  await page.getByLabel('Order').selectOption('Strongest first');
  const norms = await viewer.grid
    .locator('[role=option]')
    .evaluateAll((units) => units.map((unit) => Number(unit.ariaLabel!.split('norm ')[1])));
  expect(norms.length).toBe(32);
  expect([...norms].sort((a, b) => b - a)).toEqual(norms);
  await expect(page).toHaveURL(/sort=strength/);
});

test('deeper kernels are slices, dense layers are weight images', async ({ viewer, page }) => {
  await viewer.open('network=vgg11&layer=relu3_2');
  await expect(viewer.readout).toHaveText('conv3_2: 72 filters, 3 × 3, 72 inputs each');
  await expect(page.locator('lens-legend')).toBeVisible();
  await viewer.shot('slices');
  await viewer.layer('relu6').click();
  await expect(viewer.readout).toHaveText('fc6: 512 filters, 2 × 2, 160 inputs each');
  await expect.poll(() => viewer.colours()).toBeGreaterThan(100);
});

test('a channel is pinned over the image with value, place and receptive field', async ({
  viewer,
  page,
}) => {
  await viewer.open('network=resnet18&layer=layer2.0.relu');
  await viewer.showMaps();
  await viewer.unit(7).hover();
  await expect(viewer.readout).toContainText(
    /Channel 7, largest [\d.]+ at row \d, column \d; mean/,
  );
  await viewer.unit(7).click();
  await expect(page.getByRole('heading', { name: 'Channel 7, layer2.0.relu' })).toBeVisible();
  await expect(page.locator('lens-map-inspector')).toContainText('67 × 67 px');
  await page.getByRole('spinbutton', { name: 'Row' }).fill('2');
  await page.getByRole('spinbutton', { name: 'Row' }).press('Enter');
  await expect(page.locator('lens-map-inspector')).toContainText('at row 2');
  await expect(page).toHaveURL(/channel=7/);
  await expect(page).toHaveURL(/row=2/);
  await page.getByRole('slider', { name: 'Map' }).fill('0.3');
  await viewer.shot('pinned');
  await page.keyboard.press('Escape');
  await expect(page.getByRole('heading', { name: 'Image' })).toBeVisible();
});

test('switches: what a max-pooling read, and where a value came from', async ({ viewer, page }) => {
  await viewer.open('network=alexnet&layer=relu2&view=maps');
  await expect(viewer.readout).toContainText('relu2: 80');
  await page.getByRole('button', { name: 'Switches of pool1' }).click();
  await expect(viewer.layer('pool1')).toHaveAttribute('aria-selected', 'true');
  const toggle = page.getByRole('button', { name: 'Switches', exact: true });
  await expect(toggle).toHaveAttribute('aria-pressed', 'true');
  await expect(page).toHaveURL(/switches=on/);
  await viewer.unit(5).click();
  const inspector = page.locator('lens-switch-inspector');
  const words =
    /([\d.]+) at row (\d+), column (\d+) of pool1 came from row (\d+), column (\d+) of relu1/;
  await expect(inspector).toContainText(words);
  const said = await inspector.locator('p').first().innerText();
  const [value, row, column, fromRow, fromColumn] = words.exec(said)!.slice(1).map(Number);
  // Windows of three in steps of two.
  for (const [place, from] of [
    [row!, fromRow!],
    [column!, fromColumn!],
  ] as const) {
    expect(from - 2 * place).toBeGreaterThanOrEqual(0);
    expect(from - 2 * place).toBeLessThan(3);
  }
  await page.getByRole('spinbutton', { name: 'Row' }).fill('9');
  await page.getByRole('spinbutton', { name: 'Row' }).press('Enter');
  await expect(inspector).toContainText('at row 9');
  const { width, height } = (await inspector.locator('canvas').boundingBox())!;
  await inspector.locator('canvas').click({
    position: { x: ((2 * column! + 1.5) / 32) * width, y: ((2 * row! + 1.5) / 32) * height },
  });
  await expect(inspector).toContainText(`at row ${row}, column ${column} of pool1`);
  await viewer.shot('switches');

  const dimmed = await viewer.colours();
  await toggle.click();
  await expect(inspector).toBeHidden();
  await expect.poll(() => viewer.colours()).not.toBe(dimmed);
  // The layer below has that value at that place; the channel stays pinned.
  await viewer.layer('relu1').click();
  await page.getByRole('spinbutton', { name: 'Row' }).fill(String(fromRow));
  await page.getByRole('spinbutton', { name: 'Row' }).press('Enter');
  await page.getByRole('spinbutton', { name: 'Column' }).fill(String(fromColumn));
  await page.getByRole('spinbutton', { name: 'Column' }).press('Enter');
  await expect(page.locator('lens-map-inspector')).toContainText(
    new RegExp(`at row ${fromRow}, column ${fromColumn}\\s+${value}`),
  );
});

test('a link opens the same view again', async ({ viewer, page, context }) => {
  await viewer.open(
    'network=densenet&layer=denseblock2.denselayer4&channel=3&view=maps&scale=together&sort=strength',
  );
  await expect(
    page.getByRole('heading', { name: 'Channel 3, denseblock2.denselayer4' }),
  ).toBeVisible();
  await expect(viewer.layer('denseblock2.denselayer4')).toHaveAttribute('aria-selected', 'true');
  const address = page.url();
  const second = await context.newPage();
  await second.goto(address);
  await expect(
    second.getByRole('heading', { name: 'Channel 3, denseblock2.denselayer4' }),
  ).toBeVisible();
  await expect(second.getByLabel('Scale of the colours')).toHaveValue('together');
  expect(second.url()).toBe(address);
});

test('keyboard: layers, channels, pin, lenses', async ({ viewer, page }) => {
  await viewer.open('network=resnet18&view=maps&layer=relu');
  await expect(viewer.readout).toContainText('relu: 32');
  await viewer.unit(0).focus();
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('ArrowRight');
  await expect(viewer.unit(2)).toBeFocused();
  await expect(viewer.readout).toContainText('Channel 2');
  await page.keyboard.press('Enter');
  await expect(viewer.unit(2)).toHaveAttribute('aria-selected', 'true');
  await page.keyboard.press('End');
  await expect(viewer.unit(31)).toBeFocused();
  await page.keyboard.press(']');
  await expect(viewer.layer('maxpool')).toHaveAttribute('aria-selected', 'true');
  await expect(viewer.readout).toContainText('Channel');
  await page.keyboard.press('1');
  await expect(page.getByRole('tab', { name: 'Filters' })).toHaveAttribute('aria-selected', 'true');
  await viewer.layer('maxpool').focus();
  await page.keyboard.press('ArrowDown');
  await expect(viewer.layer('layer1.0.relu')).toBeFocused();
});

test('own photo by button, drop and paste', { tag: '@isolated' }, async ({ viewer, page }) => {
  await viewer.open('view=maps&layer=layer1.1.relu');
  const file = shared
    ? readFileSync(`${shared}photos/coffee.png`)
    : Buffer.from(writePng({ width: 40, height: 30, data: new Uint8Array(4800).fill(255) }));
  await viewer.chooseFile('Photo…', { name: 'coffee.png', mimeType: 'image/png', buffer: file });
  await expect(page.getByRole('img', { name: /coffee\.png/ })).toBeVisible();
  if (shared) await expect(viewer.classes.first()).toContainText('espresso');
  const second = shared ? readFileSync(`${shared}photos/chelsea.png`) : file;
  for (const kind of ['drop', 'paste'] as const) {
    const name = `${kind}ed.png`;
    await page.evaluate(
      ({ bytes, name, kind }) => {
        const data = new DataTransfer();
        data.items.add(new File([Uint8Array.from(bytes)], name, { type: 'image/png' }));
        const target = document.querySelector('filter-viewer')!;
        if (kind === 'drop')
          target.dispatchEvent(new DragEvent('drop', { dataTransfer: data, bubbles: true }));
        else
          target.dispatchEvent(
            new ClipboardEvent('paste', { clipboardData: data, bubbles: true, composed: true }),
          );
      },
      { bytes: [...second], name, kind },
    );
    await expect(page.getByRole('img', { name: new RegExp(name) })).toBeVisible();
  }
  await viewer.shot('own-photo');
});

test('image from an address', async ({ viewer, page }) => {
  await viewer.open('view=maps');
  const url = await page.evaluate(
    () => new URL('../pictures/alexnet-filters.png', document.baseURI).href,
  );
  await page.getByRole('button', { name: 'Link…' }).click();
  await page.getByLabel('Address of an image').fill(url);
  await page.getByRole('button', { name: 'Open', exact: true }).click();
  await expect(page.getByRole('img', { name: /alexnet-filters/ })).toBeVisible();
});

test('webcam: the maps follow the camera; F freezes', async ({ viewer, page }) => {
  await viewer.open('view=maps&layer=relu&network=resnet18');
  await expect(viewer.classes).toHaveCount(5);
  await page.getByRole('button', { name: 'Camera' }).click();
  const revision = (): Promise<number> =>
    viewer.grid.evaluate((grid) => (grid as HTMLElement & { revision: number }).revision);
  const first = await revision();
  await expect.poll(revision).toBeGreaterThan(first + 5);
  await expect(page.locator('.badge')).toContainText('frames/s');
  await expect.poll(() => viewer.colours()).toBeGreaterThan(50);
  await viewer.shot('webcam');
  await viewer.grid.locator('[tabindex="0"]').focus();
  await page.keyboard.press('f');
  await expect(page.getByRole('button', { name: 'Frozen' })).toBeVisible();
  await frames(page, 20);
  const held = await revision();
  await frames(page, 40);
  expect(await revision()).toBe(held);
  await page.keyboard.press('f');
  await expect.poll(revision).toBeGreaterThan(held + 2);
  await page.getByRole('button', { name: 'Stop camera' }).click();
  await expect(page.getByRole('button', { name: 'Camera' })).toBeVisible();
});

test('any grid is saved as a PNG', async ({ viewer, page }) => {
  await viewer.open('network=vgg11');
  const download = page.waitForEvent('download');
  await page.getByRole('button', { name: 'PNG' }).click();
  const file = await download;
  expect(file.suggestedFilename()).toBe('vgg11-conv1_1-filters.png');
  const sheet = readPng(readFileSync(await file.path()));
  expect([sheet.width, sheet.height]).toEqual([4 * (96 + 2) + 2, 4 * (96 + 2) + 2]);
  expect(new Set(sheet.data).size).toBeGreaterThan(60);
});

test('a grid of 2048 channels scrolls to its end and stays small in the page', async ({
  viewer,
  page,
}) => {
  await viewer.open();
  const [options, painted] = await page.evaluate(async () => {
    const grid = document.createElement('lens-tile-grid');
    grid.style.cssText = 'position:fixed;inset:0;z-index:9;background:#fff';
    const painted = new Set<number>();
    const paint = (unit: number, picture: ImageData): void => {
      painted.add(unit);
      picture.data.fill(unit % 256);
    };
    Object.assign(grid, {
      id: 'large',
      units: Array.from({ length: 2048 }, (_, unit) => unit),
      tileWidth: 7,
      tileHeight: 7,
      paint,
    });
    document.body.append(grid);
    await grid.updateComplete;
    const frame = (): Promise<unknown> => new Promise((resolve) => requestAnimationFrame(resolve));
    while (painted.size === 0) await frame();
    const counts = [[grid.shadowRoot!.querySelectorAll('[role=option]').length, painted.size]];
    for (let top = 0; top < grid.scrollHeight; top += 97) {
      painted.clear();
      grid.scrollTop = top;
      await frame();
      await frame();
      counts.push([grid.shadowRoot!.querySelectorAll('[role=option]').length, painted.size]);
    }
    return [0, 1].map((kind) => Math.max(...counts.map((each) => each[kind]!)));
  });
  // Of 2048 only those in view, and a few beside them, are in the page and painted at any time.
  expect(options).toBeLessThan(700);
  expect(painted).toBeGreaterThan(0);
  expect(painted).toBeLessThanOrEqual(options!);
  await expect(page.locator('#large [data-position="2047"]')).toBeVisible();
});
