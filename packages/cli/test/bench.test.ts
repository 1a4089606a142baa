import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { operatorCases, readReport } from '@convlens/core';
import { main } from '../src/main.js';

async function convlens(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  let [out, err] = ['', ''];
  const code = await main(
    args,
    (text) => (out += text),
    (text) => (err += text),
  );
  return { code, out, err };
}

it('convlens bench measures each runtime at each work, and runtimes agree', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'convlens-bench-'));
  const quick = ['--seconds', '0.01', '--out', folder];
  const { code, out } = await convlens(
    'bench',
    'alexnet',
    '--batch',
    '1',
    '--batch',
    '2',
    ...quick,
  );
  expect(code).toBe(0);
  expect(out.split('\n')).toHaveLength(1 + 3 * 4 * 2);
  const report = readReport(readFileSync(join(folder, 'bench.json'), 'utf8'));
  expect(report.runtimes.map(({ runtime }) => runtime)).toEqual([
    'ort-node',
    'ort-wasm',
    'tfjs-wasm',
  ]);
  expect(report.work.filter(({ failed }) => failed !== undefined)).toEqual([]);
  for (const { runtime, work, difference = 0, medianMs, gflops = 0 } of report.work) {
    expect(medianMs).toBeGreaterThan(0);
    // Without a network there is no rate.
    expect(gflops > 0).toBe(work !== 'besides');
    // One rectifier within rounding of zero moves single pixels of a gradient.
    if (runtime !== 'ort-node') expect(difference).toBeLessThan(1e-2);
  }
  const wasm = report.operators.filter(({ runtime }) => runtime !== 'ort-node');
  expect(wasm).toHaveLength(2 * operatorCases.length);
  for (const { name, value, gradient } of wasm) {
    expect(value, name).toBeLessThan(1e-5);
    expect(gradient, name).toBeLessThan(1e-5);
  }
  expect(readFileSync(join(folder, 'bench.csv'), 'utf8').split('\n')).toHaveLength(1 + 24 + 1);
});

it.each([
  [['--work', 'nothing'], /--work is one of forward, gradient, dream, besides, got "nothing"/],
  [['--runtime', 'cuda'], /--runtime is one of ort-node, ort-wasm, tfjs-wasm, got "cuda"/],
  [['--batch', '0'], /--batch takes a whole number from 1 up/],
  [['--seconds', '0'], /--seconds takes a number above 0/],
])('%j is bad usage', async (args, words) => {
  const { code, err } = await convlens('bench', 'alexnet', ...args);
  expect(code).toBe(64);
  expect(err).toMatch(words);
});
