// What is measured in the filter viewer.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { summary } from './statistics.mjs';

const viewerUrl = (base, hash) => `${base}filter-viewer/#v=1&${hash}`;
const ready = (page) => page.locator('lens-top-classes li').nth(4).waitFor({ timeout: 60_000 });
const longTasks = (page) =>
  page.evaluate(() => globalThis.longTasks.map(({ duration }) => Math.round(duration)));

/**
 * Bytes, gzip, of the page, styles and scripts that the browser asks for until the first pictures are shown: what runs
 * in the page, and the worker's script that reads networks.
 */
export async function shellSize(page, base, gallery) {
  const asked = new Set();
  page.on('request', (request) => asked.add(new URL(request.url()).pathname.slice(1)));
  await page.goto(viewerUrl(base, 'network=resnet18'));
  await page.waitForFunction(
    () => performance.getEntriesByName('convlens-first-pictures').length > 0,
  );
  const names = [...asked]
    .map((name) => (name.endsWith('/') ? `${name}index.html` : name))
    .filter((name) => /\.(html|css|js)$/.test(name) && !/inspectors/.test(name));
  const files = Object.fromEntries(
    names.map((name) => [name, gzipSync(readFileSync(join(gallery, name)), { level: 9 }).length]),
  );
  const sum = (worker) =>
    Object.entries(files)
      .filter(([name]) => /worker/.test(name) === worker)
      .reduce((total, [, bytes]) => total + bytes, 0);
  return { unit: 'bytes gzip', page: sum(false), worker: sum(true), files };
}

/** From navigation to the first filter sheet painted, with a warm cache; and that no runtime was asked for before. */
export async function firstSheet(page, base) {
  const times = [];
  let early = 0;
  for (let i = 0; i < 9; i++) {
    const asked = [];
    const note = (request) => asked.push({ url: request.url(), at: Date.now() });
    page.on('request', note);
    await page.goto('about:blank');
    await page.goto(viewerUrl(base, 'network=resnet18'));
    const { painted, origin } = await page.evaluate(async () => {
      const marked = () => performance.getEntriesByName('convlens-first-pictures')[0];
      while (!marked()) await new Promise((resolve) => setTimeout(resolve, 2));
      // Two frames later the pictures are on screen.
      await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
      return { painted: performance.now(), origin: performance.timeOrigin };
    });
    const marked = origin + painted;
    early += asked.filter(({ url, at }) => /\/runtime\//.test(url) && at < marked - 40).length;
    if (i > 1) times.push(painted);
    page.off('request', note);
    await ready(page);
  }
  return {
    unit: 'ms',
    ...summary(times),
    runtimeRequestsBefore: early,
    longTasks: await longTasks(page),
  };
}

/** From the choice of a layer to its maps in the grid: every layer of the network, twice. */
export async function layerMaps(page, base, network) {
  await page.goto(viewerUrl(base, `network=${network}&view=maps`));
  await ready(page);
  await page.evaluate(() => (globalThis.longTasks.length = 0));
  const measured = await page.evaluate(async () => {
    const viewer = document.querySelector('filter-viewer');
    const root = viewer.shadowRoot;
    const grid = root.querySelector('lens-tile-grid');
    const spine = root.querySelector('lens-spine');
    const times = [];
    const runs = [];
    for (let round = 0; round < 3; round++) {
      for (const { id } of spine.layers) {
        const before = grid.revision;
        const began = performance.now();
        const event = new Event('lens-layer-select', { bubbles: true, composed: true });
        spine.dispatchEvent(Object.assign(event, { layer: id }));
        while (grid.revision === before)
          await new Promise((resolve) => requestAnimationFrame(resolve));
        await grid.updateComplete;
        await new Promise((resolve) => requestAnimationFrame(resolve));
        if (round === 0) continue;
        times.push(performance.now() - began);
      }
    }
    const layers = [spine.layers[0].id];
    const url = new URL('../models/resnet18.onnx', document.baseURI).href;
    const network = await viewer.engine.openNetwork({ id: 'resnet18', url });
    const pixels = { width: 64, height: 64, data: new Uint8ClampedArray(4 * 64 ** 2).fill(120) };
    const image = await viewer.engine.openImage({ pixels });
    for (let i = 0; i < 40; i++) {
      const request = { network: network.id, image: image.id, layers, scores: true };
      const answer = await viewer.engine.run('activations', request);
      runs.push(answer.timing.run);
    }
    return { times, runs: runs.slice(5), backend: viewer.engine.backend };
  });
  return {
    unit: 'ms',
    ...summary(measured.times),
    run: summary(measured.runs),
    runs: measured.runs,
    threads: measured.backend.threads,
    longTasks: await longTasks(page),
  };
}

/** Frames a second with the camera on and the first activation shown. */
export async function cameraRate(page, base, network) {
  await page.goto(viewerUrl(base, `network=${network}&view=maps`));
  await ready(page);
  await page.getByRole('button', { name: 'Camera' }).click();
  const frames = () => page.locator('lens-tile-grid').evaluate((grid) => grid.revision);
  await page.waitForTimeout(1500);
  await page.evaluate(() => (globalThis.longTasks.length = 0));
  const [first, began] = [await frames(), Date.now()];
  await page.waitForTimeout(4000);
  const rate = ((await frames()) - first) / ((Date.now() - began) / 1000);
  return { unit: 'frames/s', rate: Math.round(rate * 10) / 10, longTasks: await longTasks(page) };
}
