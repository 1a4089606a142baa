// Measures what a person waits for, in a real browser and on its arithmetic in Node, and prints JSON.
//
//   npm run bench [-- --out FILE] [-- --only NAME] [-- --gpu]
//
// With --gpu the browser takes the machine's own GPU instead of an emulated one.
// Times are medians. Machines differ: compare the ratios, and runs made one after the other.
import { writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { chromium } from '@playwright/test';
import { BROWSER_FLAGS, GPU_FLAGS } from '@convlens/tooling/browser.mjs';
import { serve } from '@convlens/tooling/server.mjs';
import { attacking } from './attacks.mjs';
import { besides } from './besides.mjs';
import { dreaming } from './dream.mjs';
import { gradientRatios } from './gradients.mjs';
import { median } from './statistics.mjs';
import { threads } from './threads.mjs';
import { training } from './training.mjs';
import { cameraRate, firstSheet, layerMaps, shellSize } from './viewer.mjs';

const { values } = parseArgs({
  options: { out: { type: 'string' }, only: { type: 'string' }, gpu: { type: 'boolean' } },
});
const gallery = fileURLToPath(new URL('../../apps/gallery/dist/', import.meta.url));
const executablePath = process.env.CONVLENS_CHROMIUM;

const plain = await serve(gallery, { mode: 'plain' });
const isolated = await serve(gallery, { mode: 'isolated' });
const browser = await chromium.launch({
  args: values.gpu ? GPU_FLAGS : BROWSER_FLAGS,
  executablePath,
});

/** Every bench gets a page of its own; times of long main-thread tasks are collected while it runs. */
async function withPage(url, measure) {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
  const page = await context.newPage();
  await page.addInitScript(() => {
    globalThis.longTasks = [];
    new PerformanceObserver((list) => {
      for (const { duration, startTime } of list.getEntries()) {
        globalThis.longTasks.push({ duration, startTime });
      }
    }).observe({ type: 'longtask', buffered: true });
  });
  try {
    return await measure(page, url);
  } finally {
    await context.close();
  }
}

const benches = {
  shell: () => withPage(plain.url, (page, url) => shellSize(page, url, gallery)),
  firstSheet: () => withPage(plain.url, firstSheet),
  layerMaps: () => withPage(plain.url, (page, url) => layerMaps(page, url, 'resnet18')),
  layerMapsThreads: () => withPage(isolated.url, (page, url) => layerMaps(page, url, 'resnet18')),
  camera: async () => {
    const rates = {};
    for (const network of ['resnet18', 'vgg11', 'alexnet', 'densenet', 'resnet18-robust']) {
      rates[network] = await withPage(plain.url, (page, url) => cameraRate(page, url, network));
    }
    return rates;
  },
  threads: () => withPage(isolated.url, threads),
  gradients: () => gradientRatios(),
  dream: () => dreaming(),
  attacks: () => attacking(),
  // Debian's PyTorch belongs to Debian's Python.
  training: () => training({ program: process.env.CONVLENS_PYTHON ?? 'python3' }),
  besides: () => withPage(plain.url, besides),
};

const report = {
  machine: {
    cpu: cpus()[0]?.model,
    cores: cpus().length,
    node: process.version,
    browser: browser.version(),
  },
  date: new Date().toISOString(),
  results: {},
};
try {
  for (const [name, bench] of Object.entries(benches)) {
    if (values.only !== undefined && values.only !== name) continue;
    report.results[name] = await bench();
  }
} finally {
  await browser.close();
  await Promise.all([plain.close(), isolated.close()]);
}
const { layerMaps: one, layerMapsThreads: more } = report.results;
if (one && more) {
  report.ratios = { runOneThreadOverThreads: median(one.runs) / median(more.runs) };
}
const text = JSON.stringify(report, null, 2);
if (values.out !== undefined) writeFileSync(values.out, `${text}\n`);
console.log(text);
