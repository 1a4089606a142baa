import { createServer } from 'node:http';
import { expect, galleryUrl, test, Viewer } from '../support/viewer.js';

/** A course page on a server of its own: another origin than the gallery's, with its own policy. */
async function courseServer(
  html: string,
  headers: Record<string, string>,
): Promise<{ url: string; close: () => void }> {
  const server = createServer((_, response) => {
    response.writeHead(200, { 'content-type': 'text/html', ...headers }).end(html);
  });
  await new Promise<void>((resolve) => server.listen(0, resolve));
  const { port } = server.address() as { port: number };
  return { url: `http://127.0.0.1:${port}/`, close: () => server.close() };
}

test('works under a strict content security policy', async ({ page }) => {
  const viewer = new Viewer(page, galleryUrl('strict'));
  await viewer.open('network=vgg11&view=maps&layer=relu1_1');
  await expect(viewer.classes).toHaveCount(5);
  await expect(page.locator('.badge')).toHaveAttribute('data-backend', 'wasm');
});

for (const policy of ['none', 'the documented minimum'] as const) {
  test(`one tag in a page of another origin, policy: ${policy}`, async ({ page }) => {
    const gallery = new URL(galleryUrl('plain')).origin;
    const course = await courseServer(
      `<!doctype html><title>Course</title><h1>Course</h1>
       <script type="module" src="${gallery}/convlens.js"></script>
       <filter-viewer network="alexnet" view="maps" layer="relu1"></filter-viewer>`,
      policy === 'none'
        ? {}
        : {
            'content-security-policy':
              `default-src 'none'; script-src ${gallery} 'wasm-unsafe-eval'; worker-src ${gallery} blob:; ` +
              `connect-src ${gallery}; img-src ${gallery} blob: data:`,
          },
    );
    try {
      const refused: string[] = [];
      page.on('console', (message) => {
        if (message.text().includes('Content Security Policy')) refused.push(message.text());
      });
      await page.goto(course.url);
      // As a style sheet of the page would; an attribute is what the policy forbids.
      await page.evaluate(() => {
        document.querySelector<HTMLElement>('filter-viewer')!.style.height = '640px';
      });
      const viewer = new Viewer(page, course.url);
      await expect(viewer.readout).toContainText('relu1: 32', { timeout: 90_000 });
      await expect(viewer.classes).toHaveCount(5);
      expect(await viewer.colours()).toBeGreaterThan(50);
      const tile = await viewer.unit(3).boundingBox();
      expect(tile!.width).toBeGreaterThan(20);
      expect(refused).toEqual([]);
      // The address belongs to the course page.
      expect(page.url()).toBe(course.url);
    } finally {
      course.close();
    }
  });
}

for (const tag of ['filter-viewer', 'dream-studio', 'adversarial-lab', 'backend-bench']) {
  test(`${tag} never leaves its box`, async ({ page }) => {
    const gallery = new URL(galleryUrl('plain')).origin;
    const course = await courseServer(
      `<!doctype html><title>Course</title>
       <style>body { margin: 0 } #below { margin: 0; height: 200px; font: 16px/1.5 serif }</style>
       <script type="module" src="${gallery}/convlens.js"></script>
       <${tag} style="width: 360px; height: 640px"></${tag}>
       <p id="below">${'What the course says of it. '.repeat(40)}</p>`,
      {},
    );
    try {
      await page.goto(course.url);
      const element = page.locator(tag);
      const below = page.locator('#below');
      const measure = (): Promise<Record<'height' | 'all' | 'width' | 'across', number>> =>
        element.evaluate((box) => ({
          height: box.clientHeight,
          all: box.scrollHeight,
          width: box.clientWidth,
          across: box.scrollWidth,
        }));
      // All of it is there: more than fits.
      await expect.poll(async () => (await measure()).all).toBeGreaterThan(1200);
      const resize = (width: number, height: string): Promise<void> =>
        element.evaluate(
          (box, [across, down]) => {
            box.style.width = `${across}px`;
            box.style.height = down;
            box.scrollTop = 0;
          },
          [width, height] as const,
        );
      for (const width of [280, 360, 672]) {
        for (const height of [640, 200]) {
          await resize(width, `${height}px`);
          const size = `${width} × ${height}`;
          const { all, across, ...seen } = await measure();
          expect(seen.height, size).toBe(height);
          expect(all, size).toBeGreaterThan(height);
          // Nothing is cut off at the side, where nobody can scroll.
          expect(across, size).toBe(seen.width);
          const strangers = await below.evaluate((text) => {
            const { left, top, right, bottom } = text.getBoundingClientRect();
            const found = new Set<string>();
            for (let x = left + 8; x < right; x += 40) {
              for (let y = top + 4; y < bottom; y += 20) {
                const at = document.elementFromPoint(x, y);
                if (at && at !== text) found.add(at.localName);
              }
            }
            return [...found];
          });
          expect(strangers, size).toEqual([]);
          const painted = await below.screenshot();
          await element.evaluate((box) => (box.style.visibility = 'hidden'));
          expect(painted.equals(await below.screenshot()), `${size}: the text below`).toBe(true);
          await element.evaluate((box) => (box.style.visibility = ''));
          // Its end comes into sight by scrolling inside.
          const end = await element.evaluate((box) => {
            box.scrollTop = box.scrollHeight;
            const content = box.shadowRoot!.firstElementChild!.getBoundingClientRect();
            return content.bottom - box.getBoundingClientRect().bottom;
          });
          expect(Math.abs(end), size).toBeLessThanOrEqual(1);
        }
        // Left to the element, its height is that of all it shows.
        await resize(width, 'auto');
        const { height, all } = await measure();
        expect(height, `${width} × auto`).toBe(all);
        expect(height, `${width} × auto`).toBeGreaterThan(640);
        // Seen at one moment: it grows while it opens.
        const gap = await element.evaluate((box) => {
          const text = document.querySelector('#below')!.getBoundingClientRect();
          return text.top - box.getBoundingClientRect().bottom;
        });
        expect(gap, `${width} × auto: the text below`).toBeGreaterThanOrEqual(-1);
      }
    } finally {
      course.close();
    }
  });
}

test('two viewers on a page share one engine', async ({ page }) => {
  const runtimes: string[] = [];
  page.context().on('request', (request) => {
    if (request.url().endsWith('.wasm')) runtimes.push(request.url());
  });
  await page.goto(`${galleryUrl('plain')}examples/course.html`);
  await expect(page.locator('lens-top-classes li')).toHaveCount(5);
  await page.evaluate(() => {
    const second = document.createElement('filter-viewer');
    second.network = 'vgg11';
    second.view = 'maps';
    document.body.append(second);
  });
  await expect(page.locator('filter-viewer').nth(1).locator('.readout')).toContainText(
    'conv1_1: 16',
    { timeout: 90_000 },
  );
  await expect(page.locator('filter-viewer').nth(0).locator('.readout')).toContainText('relu1: 32');
  expect(page.workers().filter((worker) => worker.url().includes('engine.worker')).length).toBe(1);
  // And one file of its runtime, once.
  expect(runtimes).toHaveLength(1);
});
