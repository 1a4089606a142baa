// What a step of the dream studio takes without its network, on the backends of the browser: the bench page's own measurement.
import { readFileSync } from 'node:fs';

const RUNTIMES = ['tfjs-wasm', 'ort-webgpu'];

/** Steps of the default preset at 224 x 224. `ort-webgpu` is an emulated GPU unless the machine's own was asked for. */
export async function besides(page, base) {
  const plan = `runtimes=${RUNTIMES.join()}&networks=alexnet-224&works=besides`;
  await page.goto(`${base}bench/#v=1&${plan}`);
  const start = page.getByRole('button', { name: 'Measure this machine' });
  await start.click();
  await page.getByRole('button', { name: 'Stop' }).waitFor();
  await start.waitFor({ timeout: 900_000 });
  const download = page.waitForEvent('download');
  await page.getByRole('button', { name: 'JSON', exact: true }).click();
  const report = JSON.parse(readFileSync(await (await download).path(), 'utf8'));
  const rows = report.work.map(({ runtime, failed, medianMs, leastMs, mostMs, runs }) => [
    runtime,
    failed ?? { median: medianMs, least: leastMs, most: mostMs, count: runs },
  ]);
  return { unit: 'ms', adapter: report.machine.adapter, ...Object.fromEntries(rows) };
}
