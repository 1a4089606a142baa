// What a second thread of WASM is worth, in a cross-origin isolated page.
import { median, ratio, summary } from './statistics.mjs';

const NETWORKS = ['vgg16-224', 'resnet50-224', 'densenet121-224'];

/** Value and gradient with one thread and with two, in turn, each in an engine of its own. */
export async function threads(page, base) {
  await page.goto(`${base}filter-viewer/#v=1&network=resnet18`);
  await page.locator('lens-top-classes li').nth(4).waitFor({ timeout: 60_000 });
  const results = {};
  for (const network of NETWORKS) {
    const times = await page.evaluate(async (built) => {
      const { engine } = document.querySelector('filter-viewer');
      const Client = engine.constructor;
      const workerUrl = performance
        .getEntriesByType('resource')
        .find(({ name }) => /engine\.worker/.test(name)).name;
      const runtimeBase = new URL('../runtime/', document.baseURI);
      const taken = { one: [], two: [] };
      const engines = {};
      for (const [key, count] of Object.entries({ one: 1, two: 2 })) {
        const engine = new Client({ runtimeBase, workerUrl, threads: count, tune: false });
        const { id } = await engine.openNetwork({ id: 'built', built });
        engines[key] = { engine, id };
        const report = await engine.useBackend('ort-wasm');
        if (report.threads !== count) throw new Error(`Got ${report.threads} threads.`);
      }
      for (let round = 0; round < 3; round++) {
        for (const [key, { engine, id }] of Object.entries(engines)) {
          const request = { kind: 'work', network: id, work: 'gradient', batch: 1 };
          taken[key].push(...(await engine.run('measure', request)).work.times);
        }
      }
      for (const { engine } of Object.values(engines)) await engine.close();
      return taken;
    }, network);
    results[network] = {
      one: summary(times.one),
      two: summary(times.two),
      faster: ratio([median(times.one)], [median(times.two)]).median,
    };
  }
  return { unit: 'ms', results };
}
