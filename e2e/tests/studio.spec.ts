import { readPngText, writePng } from '@convlens/data/png';
import { difference, expect, studioOn, test, variety } from '../support/studio.js';
import { frames } from '../support/viewer.js';

test('opens on a class that anyone recognises, live, and the network agrees', async ({
  studio,
  page,
}) => {
  const long: number[] = [];
  await page.exposeFunction('stalled', (ms: number) => void long.push(ms));
  await page.addInitScript(() => {
    new PerformanceObserver((list) => {
      for (const { duration } of list.getEntries()) {
        void (globalThis as unknown as { stalled: (ms: number) => void }).stalled(duration);
      }
    }).observe({ entryTypes: ['longtask'] });
  });
  await studio.open();
  await expect(studio.subject).toHaveText('lemon');
  await expect(studio.status).toContainText(/step \d+ of 256/, { timeout: 90_000 });
  await studio.done();
  expect(variety(await studio.picture())).toBeGreaterThan(80);
  await expect(studio.classes.first()).toContainText('lemon');
  await expect(studio.film).not.toHaveCount(0);
  await expect(page.getByRole('img', { name: /Objective from .* in 256 steps/ })).toBeVisible();
  console.info(`long tasks: ${long.map((ms) => ms.toFixed(0)).join(', ') || 'none'}`);
  await studio.shot('studio');
});

test('can be paused, continued, kept, undone and taken further', async ({ studio, page }) => {
  await studio.open('network=vgg11');
  await studio.setNumber('Steps', 2000);
  await expect(studio.status).toContainText('Running', { timeout: 90_000 });
  await expect.poll(() => studio.film.count(), { timeout: 90_000 }).toBeGreaterThan(1);
  await studio.button('Pause').click();
  await expect(studio.status).toContainText('Paused');
  const step = async (): Promise<number> =>
    Number(/step (\d+)/.exec(await studio.status.innerText())![1]);
  const paused = await step();
  await studio.button('Keep').click();
  await expect(page.locator('.frame', { hasText: '★' })).toHaveCount(1);
  await studio.button('Undo').click();
  expect(await step()).toBeLessThan(paused);
  await studio.button('Continue').click();
  await expect.poll(step).toBeGreaterThan(paused);
  await page.keyboard.press('Escape');
  await page.locator('.subject').click();
  await page.keyboard.press(' ');
  await expect(studio.status).toContainText('Paused');
  await page.locator('.frame', { hasText: '★' }).click();
  expect(await step()).toBe(paused);
});

test('the link makes the same picture again, to the bit', async ({ studio, browser }) => {
  await studio.open('network=alexnet&target=55&seed=4&set=steps:40');
  await expect(studio.subject).toHaveText('pizza');
  await studio.done();
  const picture = await studio.picture();
  // Another visitor: nothing is kept there.
  const other = studioOn(await browser.newPage(), studio);
  await other.page.goto(studio.page.url());
  await other.done();
  expect(await other.picture()).toEqual(picture);
  await other.setNumber('Seed', 5);
  await other.done();
  expect(difference(await other.picture(), picture)).toBeGreaterThan(5);
});

test('a run survives the reload of the page and goes on', async ({ studio, page }) => {
  await studio.open('network=alexnet&set=steps:3000');
  await expect.poll(() => studio.film.count(), { timeout: 90_000 }).toBeGreaterThan(1);
  await studio.button('Pause').click();
  await expect(studio.status).toContainText('Paused');
  const before = await studio.status.innerText();
  const picture = await studio.picture();
  const step = Number(/step (\d+)/.exec(before)![1]);
  await expect.poll(() => studio.keptStep()).toBe(step);
  await page.reload();
  await expect(studio.status).toContainText('Paused', { timeout: 90_000 });
  expect(/step \d+/.exec(await studio.status.innerText())).toEqual(/step \d+/.exec(before));
  expect(await studio.picture()).toEqual(picture);
  await studio.button('Continue').click();
  await expect(studio.status).toContainText('Running');
});

test('saves a PNG with its recipe inside, GIF, video, CSV and JSON; the PNG makes itself again', async ({
  studio,
}) => {
  test.setTimeout(600_000);
  await studio.open('network=alexnet&target=13&set=steps:60');
  await studio.done();
  const picture = await studio.picture();
  const png = await studio.save('PNG, with its recipe inside');
  expect(png.name).toBe('alexnet-goldfish.png');
  const recipe = JSON.parse(readPngText(png.bytes)['convlens-recipe']!) as Record<string, unknown>;
  expect(recipe).toMatchObject({
    convlens: 1,
    technique: 'visualize',
    network: 'alexnet',
    seed: 1,
  });
  const gif = await studio.save('GIF of the run');
  expect(gif.bytes.subarray(0, 6).toString()).toBe('GIF89a');
  const video = await studio.save('Video of the run');
  console.info(`video: ${video.name}, ${video.bytes.length} bytes`);
  const magic = video.name.endsWith('.webm')
    ? video.bytes.readUInt32BE(0) === 0x1a45dfa3
    : video.bytes.subarray(4, 8).toString() === 'ftyp';
  expect(magic).toBe(true);
  const csv = (await studio.save('Objective as CSV')).bytes.toString().split('\n');
  expect(csv[0]).toBe('step,objective 1');
  expect(csv).toHaveLength(61);
  const json = await studio.save('Recipe (JSON)');
  expect(JSON.parse(json.bytes.toString())).toEqual(recipe);

  await studio.open('network=vgg11&target=3&set=steps:20');
  await studio.page.reload();
  await studio.done();
  await studio.takeRecipe('goldfish.png', png.bytes);
  await expect(studio.network()).toHaveValue('alexnet');
  await studio.done();
  await expect(studio.page.getByText('A recipe from a file or link')).toBeVisible();
  await expect.poll(async () => difference(await studio.picture(), picture)).toBe(0);
});

test('an image dreams, guided and unguided, early against late layers', async ({
  studio,
  page,
}) => {
  test.setTimeout(600_000);
  await studio.open(
    'network=resnet18&make=dream&image=seashore&layer=layer2.1.relu&set=size:128,octaves:2',
  );
  await studio.done();
  await expect(studio.subject).toHaveText('Seashore dreaming of layer2.1.relu');
  const plain = await studio.picture();
  expect(variety(plain)).toBeGreaterThan(150);
  await studio.shot('studio-dream');
  await page.getByLabel('Guided by').selectOption('Ladybird');
  await expect(studio.status).not.toContainText('Done');
  await studio.done();
  expect(difference(await studio.picture(), plain)).toBeGreaterThan(2);
  await studio.button('Early against late layers').click();
  await expect(page.locator('.besides figure')).toHaveCount(4, { timeout: 120_000 });
  await expect(page.locator('.besides figure').last()).toContainText('Done', { timeout: 120_000 });
});

test('falls into a dream; the film of it can be saved', async ({ studio }) => {
  test.setTimeout(600_000);
  await studio.open(
    'network=alexnet&make=dream&layer=relu2&image=alp&set=size:128,steps:3,octaves:2',
  );
  await studio.done();
  const before = await studio.picture();
  await studio.button('Fall into it').click();
  await expect(studio.status).toContainText(/picture ([4-9]|\d\d) of 100/, { timeout: 120_000 });
  await studio.button('Pause').click();
  await studio.done();
  expect(difference(await studio.picture(), before)).toBeGreaterThan(3);
  const gif = await studio.save('GIF of the run');
  expect(gif.bytes.subarray(0, 6).toString()).toBe('GIF89a');
});

test('two classes at once, one against another, a neuron alone, several that differ', async ({
  studio,
  page,
}) => {
  test.setTimeout(600_000);
  await studio.open('network=vgg11&target=13&set=steps:60');
  await page.getByLabel('Second class').selectOption('lemon');
  await expect(studio.subject).toHaveText('goldfish + lemon');
  await studio.done();
  // The network is asked about the picture after the run is done.
  await expect
    .poll(async () => (await studio.classes.allInnerTexts()).slice(0, 3).join())
    .toMatch(/goldfish|lemon/);
  await page.getByLabel('Joined by').selectOption('minus');
  await expect(studio.subject).toHaveText('goldfish − lemon');
  await studio.done();
  await studio.open(
    'network=vgg11&make=unit&layer=relu4_1&channel=5&set=steps:20,pictures:2,diversity:2',
  );
  await page.reload();
  await studio.done();
  await page.getByLabel('Where').selectOption('its centre alone');
  await studio.done();
  expect(variety(await studio.picture())).toBeGreaterThan(20);
});

test('a photo larger than the network sees dreams in full size', async ({ studio, page }) => {
  test.setTimeout(600_000);
  await studio.open('network=alexnet&make=dream&layer=relu2&set=size:900,steps:2,octaves:2');
  await studio.done();
  const [width, height] = [900, 620];
  const data = new Uint8Array(width * height * 4).fill(255);
  for (let i = 0; i < width * height; i++) {
    const [x, y] = [i % width, Math.floor(i / width)];
    data.set(
      [128 + 90 * Math.sin(x / 40), 128 + 90 * Math.sin(y / 30), 128 + 60 * Math.sin((x + y) / 70)],
      i * 4,
    );
  }
  await studio.chooseFile('Photo…', {
    name: 'wide.png',
    mimeType: 'image/png',
    buffer: Buffer.from(writePng({ width, height, data })),
  });
  await expect(studio.subject).toContainText('wide.png');
  await studio.done();
  const shown = await page.locator('lens-picture.main').evaluate((picture) => {
    const { width, height } = picture.shadowRoot!.querySelector('canvas')!;
    return [width, height];
  });
  expect(shown).toEqual([width, height]);
});

test('an image is rebuilt from a layer; the earlier the layer, the more faithful', async ({
  studio,
  page,
}) => {
  test.setTimeout(600_000);
  await studio.open('network=alexnet&make=rebuild&image=lighthouse&layer=conv1&set=steps:200');
  await studio.done();
  await expect(studio.subject).toHaveText('Lighthouse as conv1 knows it');
  await expect(studio.status).toContainText(/relative loss [\d.]+ %/);
  await expect(studio.classes).toHaveCount(5);
  await studio.button('Early against late layers').click();
  await expect(page.locator('.besides figure')).toHaveCount(4, { timeout: 90_000 });
  await expect(page.locator('.besides figure').last()).toContainText('Done', { timeout: 90_000 });
  await studio.shot('studio-rebuild');
});

test('a class is rebuilt from noise several times, each with its probability', async ({
  studio,
}) => {
  await studio.open('network=vgg11&make=restarts&target=48');
  await studio.done();
  await expect(studio.status).toContainText(/probability >? ?99/);
  await expect(studio.classes.first()).toContainText('lemon');
});

test('the wall of a layer fills best-first, stops, goes on, and opens a unit', async ({
  studio,
  page,
}) => {
  test.setTimeout(600_000);
  await studio.open('network=alexnet&make=unit&layer=relu1&set=steps:10');
  await studio.done();
  await studio.button('All 32 units').click();
  const count = page.locator('.wallhead');
  await expect(count).toContainText(/(8|16|24) of 32 units/, { timeout: 120_000 });
  await studio.button('Stop').click();
  const stopped = await count.innerText();
  await frames(page, 40);
  expect(await count.innerText()).toBe(stopped.replace('Stop', 'Go on'));
  await studio.button('Go on').click();
  await expect(count).toContainText('32 of 32 units', { timeout: 90_000 });
  expect(await studio.colours()).toBeGreaterThan(2000);
  await studio.shot('studio-wall');
  await studio.unit(0).click();
  await expect(studio.subject).toHaveText(/relu1 · channel \d+/);
  await studio.done();
});

test('the same class by another network stands beside it', async ({ studio, page }) => {
  test.setTimeout(600_000);
  await studio.open('network=resnet18-robust&set=steps:60');
  await studio.done();
  await page.getByLabel('Beside it').selectOption('ResNet-18');
  await expect(page.locator('.besides figure')).toContainText('Done', { timeout: 120_000 });
  await expect(page.locator('.besides figure')).toContainText('ResNet-18');
});

test('what is wrong with a recipe is said, and nothing is lost', async ({ studio }) => {
  await studio.open('network=alexnet&set=steps:30');
  await studio.done();
  const picture = await studio.picture();
  for (const [name, recipe, message] of [
    ['no JSON', 'hello', /not JSON/],
    ['something else', '{"a":1}', /something else/],
    ['a newer version', '{"convlens":99}', /version 99.*Use a newer/],
    [
      'another network',
      recipeText({ network: 'inception' }),
      /network "inception", which is not open/,
    ],
    [
      'a layer that is not there',
      recipeText({ goals: [[{ kind: 'layer', layer: 'nowhere' }]] }),
      /no layer "nowhere"/,
    ],
    [
      'a unit out of range',
      recipeText({ goals: [[{ kind: 'class', index: 100 }]] }),
      /from 0 to 99, got 100/,
    ],
    ['a number out of range', recipeText({ steps: -1 }), /steps to be a whole number/],
  ] as const) {
    await test.step(`a recipe with ${name}`, async () => {
      await studio.takeRecipe('recipe.json', recipe);
      await expect(studio.problem).toContainText(message);
      expect(await studio.picture()).toEqual(picture);
      await expect(studio.network()).toHaveValue('alexnet');
      await studio.button('Close').click();
      await expect(studio.problem).toBeHidden();
    });
  }
});

for (const [name, side, alpha] of [
  ['of one pixel', 1, 255],
  ['that is transparent', 40, 0],
] as const) {
  test(`an image ${name} is dreamt on all the same`, async ({ studio }) => {
    const data = new Uint8Array(side * side * 4).fill(alpha);
    await studio.open('network=alexnet&make=dream&layer=relu2&set=size:128,steps:3,octaves:2');
    await studio.done();
    await studio.chooseFile('Photo…', {
      name: 'odd.png',
      mimeType: 'image/png',
      buffer: Buffer.from(writePng({ width: side, height: side, data })),
    });
    await expect(studio.subject).toContainText('odd.png');
    await expect(studio.status).toContainText(/Done|Stopped/, { timeout: 90_000 });
  });
}

/** A sound recipe with some fields changed. */
function recipeText(change: object): string {
  return JSON.stringify({
    convlens: 1,
    technique: 'visualize',
    network: 'alexnet',
    seed: 1,
    goals: [[{ kind: 'class', index: 3 }]],
    start: 'noise',
    steps: 10,
    parametrisation: 'fourier',
    optimiser: { kind: 'adam', rate: 0.05 },
    ...change,
  });
}
