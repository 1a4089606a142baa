import type { Page } from '@playwright/test';
import { galleryUrl, expect, test } from '../support/viewer.js';

/** What each element of the page is to show. */
const ELEMENTS = [
  ['filter-viewer', { network: 'alexnet', image: 'lemon', layer: 'relu2', view: 'maps' }],
  ['filter-viewer', { network: 'vgg11', image: 'lighthouse', layer: 'relu1_1', view: 'maps' }],
  ['filter-viewer', { network: 'alexnet', image: 'espresso', layer: 'relu1', view: 'maps' }],
  ['dream-studio', { network: 'vgg11', make: 'unit', layer: 'relu1_1', channel: '3' }],
  ['adversarial-lab', { network: 'resnet18', image: 'lemon', attack: 'fgsm' }],
] as const;

type Shown = readonly [tag: string, attributes: Readonly<Record<string, string>>];

/** A page of a course, with nothing of ours on it but the script. */
async function coursePage(page: Page): Promise<void> {
  await page.goto(`${galleryUrl('plain')}examples/course.html`);
  await page.evaluate(() => {
    for (const one of document.querySelectorAll('filter-viewer')) one.remove();
  });
}

/** Puts an element on the page, and waits for nothing. */
const add = (page: Page, [tag, attributes]: Shown, at = 0): Promise<void> =>
  page.evaluate(
    ([name, given, place]) => {
      const element = document.createElement(name);
      for (const [key, value] of Object.entries(given)) element.setAttribute(key, value);
      element.style.height = '600px';
      element.id = `own-${place}`;
      document.body.prepend(element);
    },
    [tag, attributes, at] as const,
  );

/** What an element shows, in words and colours: strongest classes, layer, a sum over its pictures. */
async function shownBy(page: Page, at: number, [tag, attributes]: Shown): Promise<string> {
  const own = page.locator(`#own-${at}`);
  await own.scrollIntoViewIfNeeded();
  if (tag === 'filter-viewer') {
    await expect(own.locator('.readout')).toContainText(`${attributes.layer}:`, {
      timeout: 120_000,
    });
    await expect(own.locator('lens-top-classes li')).toHaveCount(5, { timeout: 120_000 });
    await expect(own.locator('.progress')).toHaveCount(0);
    const words = await own.locator('lens-top-classes li').allInnerTexts();
    const title = await own.getByRole('img').first().getAttribute('aria-label');
    return `${title?.split(',')[0]} | ${words.join(' ')}`;
  }
  if (tag === 'dream-studio') {
    await expect(own.locator('.status')).toContainText('Done', { timeout: 240_000 });
    return own.locator('lens-picture.main').evaluate((picture) => {
      const canvas = picture.shadowRoot!.querySelector('canvas')!;
      const { data } = canvas.getContext('2d')!.getImageData(0, 0, canvas.width, canvas.height);
      let sum = 0;
      for (const [i, value] of data.entries()) sum = (sum * 31 + value * (i % 7)) % 1_000_003;
      return String(sum);
    });
  }
  await expect(own.locator('.verdict h2')).toHaveText(/^(Fooled|Not fooled)/, {
    timeout: 120_000,
  });
  const classes = [own.locator('.before li'), own.locator('.after li')];
  return (await Promise.all(classes.map((list) => list.allInnerTexts()))).flat().join(' ');
}

/** What the page's engine holds. */
const held = (page: Page) =>
  page.evaluate(async () => {
    const viewer = document.createElement('filter-viewer');
    const { networks, images, sessions, tensors } = await viewer.engine.memory();
    return { networks, images, sessions, tensors };
  });

test('five elements on a page show what each shows alone, on one worker, in any order', async ({
  browser,
}) => {
  const alone: string[] = [];
  for (const [at, element] of ELEMENTS.entries()) {
    const page = await browser.newPage();
    await coursePage(page);
    await add(page, element, at);
    alone.push(await shownBy(page, at, element));
    await page.close();
  }
  // No two of them are alike, or the comparison would prove nothing.
  expect(new Set(alone).size).toBe(ELEMENTS.length);
  for (const order of [
    [0, 1, 2, 3, 4],
    [4, 2, 0, 3, 1],
  ]) {
    const page = await browser.newPage();
    await coursePage(page);
    for (const at of order) await add(page, ELEMENTS[at]!, at);
    for (const at of order) expect(await shownBy(page, at, ELEMENTS[at]!)).toBe(alone[at]);
    // One changes; the others stay what they were.
    await page.locator('#own-0').evaluate((element: HTMLElement) => {
      element.setAttribute('network', 'vgg11');
      element.setAttribute('layer', 'relu1_1');
      element.setAttribute('image', 'lighthouse');
    });
    expect(await shownBy(page, 0, ELEMENTS[1])).toBe(alone[1]);
    await page.locator('#own-1').evaluate((element: HTMLElement) => {
      element.setAttribute('layer', 'relu2_1');
    });
    await expect(page.locator('#own-1 .readout')).toContainText('relu2_1:');
    await page.locator('#own-1').evaluate((element: HTMLElement) => {
      element.setAttribute('layer', 'relu1_1');
    });
    expect(await shownBy(page, 1, ELEMENTS[1])).toBe(alone[1]);
    expect(await shownBy(page, 2, ELEMENTS[2])).toBe(alone[2]);
    const workers = page.workers().filter((worker) => worker.url().includes('engine.worker'));
    expect(workers).toHaveLength(1);
    // Three are removed, and all that was theirs is given back.
    const before = await held(page);
    await page.evaluate(() => {
      for (const at of [0, 3, 4]) document.querySelector(`#own-${at}`)!.remove();
    });
    await expect.poll(async () => (await held(page)).networks).toBe(2);
    const after = await held(page);
    expect(after.images).toBe(2);
    expect(after.sessions).toBeLessThan(before.sessions);
    expect(await shownBy(page, 2, ELEMENTS[2])).toBe(alone[2]);
    await page.close();
  }
});

test('elements that come and go leave nothing behind', async ({ page }) => {
  await coursePage(page);
  const viewer = ELEMENTS[0];
  const session = await page.context().newCDPSession(page);
  await session.send('Performance.enable');
  const counters = async () => {
    await session.send('HeapProfiler.collectGarbage');
    const { metrics } = await session.send('Performance.getMetrics');
    const value = (name: string): number => metrics.find((one) => one.name === name)!.value;
    return { nodes: value('Nodes'), listeners: value('JSEventListeners'), ...(await held(page)) };
  };
  const gone = (): Promise<void> => page.evaluate(() => document.querySelector('#own-0')!.remove());
  const counts: Awaited<ReturnType<typeof counters>>[] = [];
  for (let round = 0; round < 20; round++) {
    await add(page, viewer, 0);
    await shownBy(page, 0, viewer);
    await gone();
    await expect.poll(async () => (await held(page)).networks).toBe(0);
    if (round === 4 || round === 19) counts.push(await counters());
  }
  const [fifth, last] = [counts[0]!, counts[1]!];
  expect(last).toMatchObject({ networks: 0, images: 0, sessions: 0, tensors: fifth.tensors });
  expect(last.nodes).toBeLessThanOrEqual(fifth.nodes + 20);
  expect(last.listeners).toBeLessThanOrEqual(fifth.listeners + 2);
  // The same element, put on the page and taken off it again and again.
  await add(page, viewer, 0);
  await shownBy(page, 0, viewer);
  await page.evaluate(async () => {
    const element = document.querySelector('#own-0')!;
    for (let i = 0; i < 50; i++) {
      element.remove();
      await Promise.resolve();
      document.body.prepend(element);
      await new Promise((resolve) => requestAnimationFrame(resolve));
    }
  });
  await shownBy(page, 0, viewer);
  await expect.poll(async () => (await held(page)).networks).toBe(1);
  expect((await held(page)).images).toBe(1);
  await gone();
  await expect.poll(async () => (await held(page)).networks).toBe(0);
  const ended = await counters();
  expect(ended.nodes).toBeLessThanOrEqual(fifth.nodes + 40);
  expect(ended.listeners).toBeLessThanOrEqual(fifth.listeners + 4);
});

test('answers are not held: 2,000 runs grow the page by less than 1 MB', async ({ page }) => {
  await coursePage(page);
  await add(page, ELEMENTS[1], 1);
  await shownBy(page, 1, ELEMENTS[1]);
  const session = await page.context().newCDPSession(page);
  const heap = async (): Promise<number> => {
    await session.send('HeapProfiler.collectGarbage');
    return (await session.send('Runtime.getHeapUsage')).usedSize;
  };
  const runs = (count: number): Promise<void> =>
    page.evaluate(async (times) => {
      const { engine } = document.querySelector('filter-viewer')!;
      const pixels = { width: 8, height: 8, data: new Uint8ClampedArray(256).fill(120) };
      const image = await engine.openImage({ pixels });
      const network = await engine.openNetwork({
        id: 'vgg11',
        url: new URL('../models/vgg11.onnx', document.baseURI).href,
      });
      const part = network.summary.layers.at(-1)!.id;
      for (let i = 0; i < times; i++) {
        const request = { network: network.id, image: image.id, layers: [part], scores: true };
        // As an element does that is told to stop now and then.
        const controller = new AbortController();
        await engine.run('activations', request, { signal: controller.signal });
      }
      network[Symbol.dispose]();
      image[Symbol.dispose]();
    }, count);
  await runs(100);
  const before = await heap();
  await runs(2000);
  expect((await heap()) - before).toBeLessThan(1_000_000);
});
