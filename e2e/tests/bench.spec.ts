import { readFileSync } from 'node:fs';
import { operatorCases, readReport } from '@convlens/core';
import type { Locator, Page } from '@playwright/test';
import { expectAccessible } from '../support/accessibility.js';
import { expect, test } from '../support/viewer.js';

const QUICK = '#v=1&runtimes=ort-wasm&networks=alexnet&works=forward,gradient';

/** The bench as a person sees it. */
function benchOn(page: Page) {
  const start = page.getByRole('button', { name: 'Measure this machine' });
  return {
    start,
    answer: page.locator('.answer'),
    rows: page.getByRole('region', { name: 'All measurements' }).locator('tbody tr'),
    bars: page.locator('.bar'),
    box: (name: string | RegExp): Locator => page.getByRole('checkbox', { name }),
    async open(base: string, hash = QUICK): Promise<void> {
      await page.goto(`${base}bench/${hash}`);
      await expect(start).toBeVisible();
    },
    async measure(): Promise<void> {
      await start.click();
      await expect(page.getByRole('button', { name: 'Stop' })).toBeVisible();
      await expect(start).toBeVisible({ timeout: 120_000 });
    },
    async save(name: string): Promise<Buffer> {
      const download = page.waitForEvent('download');
      await page.getByRole('button', { name, exact: true }).click();
      return readFileSync(await (await download).path());
    },
  };
}

test('opens on results of another machine, before anything is fetched or measured', async ({
  viewer,
  page,
}) => {
  const runtimes: string[] = [];
  page.on('request', (request) => {
    if (request.url().includes('/runtime/')) runtimes.push(request.url());
  });
  const bench = benchOn(page);
  await bench.open(viewer.base, '');
  await expect(bench.answer).toContainText('Fastest there');
  expect(await bench.bars.count()).toBeGreaterThan(3);
  expect(runtimes).toEqual([]);
});

test('measures this machine beside the other, says what is fastest, saves and compares', async ({
  viewer,
  page,
}) => {
  test.setTimeout(600_000);
  const bench = benchOn(page);
  await bench.open(viewer.base);
  await bench.measure();
  await expect(bench.answer).toHaveText('Fastest here: WASM · ONNX Runtime');
  const report = readReport((await bench.save('JSON')).toString());
  expect(report.work.map(({ work }) => work)).toEqual(['forward', 'gradient']);
  for (const { medianMs, gflops, failed } of report.work) {
    expect(failed).toBeUndefined();
    expect(medianMs).toBeGreaterThan(0);
    expect(gflops).toBeGreaterThan(0);
  }
  expect(report.runtimes[0]!.peak).toBeGreaterThan(0);
  expect(report.operators.map(({ name }) => name)).toEqual(operatorCases);
  expect(report.operators.filter(({ failed }) => failed !== undefined)).toEqual([]);

  // The same machine a year earlier, far slower: dropped as a file.
  const slower = {
    ...report,
    machine: { ...report.machine, name: 'An older one' },
    work: report.work.map((row) => ({ ...row, medianMs: 4321 })),
  };
  await viewer.chooseFile('Compare with…', {
    name: 'older.json',
    mimeType: 'application/json',
    buffer: Buffer.from(JSON.stringify(slower)),
  });
  await expect(page.getByRole('heading', { name: 'An older one' })).toBeVisible();
  const first = page.locator('.work', { hasText: 'AlexNet: forward pass' }).locator('.bar');
  await expect(first.filter({ hasText: 'An older one' })).toContainText('4321 ms');
  const csv = (await bench.save('CSV')).toString();
  expect(csv.split('\n')[0]).toContain('machine,runtime,network,work,batch,medianMs');
  expect(csv).toContain('An older one');
  await viewer.shot('bench');
});

test('what is chosen is in the link; the last box of a group stays; a run can be stopped', async ({
  viewer,
  page,
}) => {
  const bench = benchOn(page);
  await bench.open(viewer.base);
  await bench.box('Forward pass').uncheck();
  await bench.box('Value and gradient').click();
  await expect(bench.box('Value and gradient')).toBeChecked();
  await bench.box(/^ResNet-50 at 224/).check();
  await page.reload();
  await expect(bench.box('Forward pass')).not.toBeChecked();
  await expect(bench.box(/^ResNet-50 at 224/)).toBeChecked();
  await bench.start.click();
  await expect(page.getByText(/Operators on|AlexNet: gradient/)).toBeVisible({ timeout: 90_000 });
  await page.getByRole('button', { name: 'Stop' }).click();
  await expect(bench.start).toBeVisible();
});

test('a backend that does not start is said, and the others are measured', async ({
  viewer,
  page,
}) => {
  test.setTimeout(600_000);
  await page.route('**/runtime/*asyncify*', (route) => route.abort());
  const bench = benchOn(page);
  await bench.open(viewer.base, QUICK.replace('ort-wasm', 'ort-wasm,ort-webgpu'));
  await bench.measure();
  await expect(bench.answer).toHaveText('Fastest here: WASM · ONNX Runtime');
  const backends = page.getByRole('region', { name: 'Backends' }).first();
  await expect(backends.locator('tr', { hasText: 'WebGPU' })).toContainText(
    /Expected ONNX Runtime's file/,
  );
});

test('a file that is no report is refused, and nothing is lost', async ({ viewer, page }) => {
  const bench = benchOn(page);
  await bench.open(viewer.base, '');
  await expect(bench.answer).toContainText('Fastest there');
  const file = { name: 'a.json', mimeType: 'application/json', buffer: Buffer.from('{"a": 1}') };
  await viewer.chooseFile('Compare with…', file);
  await expect(viewer.problem).toContainText('Expected a bench report of Convlens');
  await expect(bench.answer).toContainText('Fastest there');
});

for (const [scheme, width] of [
  ['light', 1440],
  ['dark', 360],
] as const) {
  test(`axe finds nothing in the bench at ${width} px, ${scheme}`, async ({ viewer, page }) => {
    await page.emulateMedia({ colorScheme: scheme });
    await page.setViewportSize({ width, height: 900 });
    const bench = benchOn(page);
    await bench.open(viewer.base, '');
    await expect(bench.answer).toContainText('Fastest there');
    await expectAccessible(page);
    await viewer.shot(`bench-${width}-${scheme}`);
  });
}
