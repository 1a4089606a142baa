import { describeNetwork } from '@convlens/adapters';
import { buildResNet, buildVgg } from '@convlens/adapters/builders';
import { describe, expect, it } from 'vitest';
import {
  measurePeak,
  measureWork,
  operatorCases,
  operatorRows,
  readReport,
  relativeDifference,
  REPORT_VERSION,
  reportCsv,
  runOperatorCases,
  workRow,
  works,
  type BenchReport,
} from '../src/index.js';
import type { Executor, Gpu } from '@convlens/runtime';
import { standIn } from '../src/measure/stand-in.js';
import { native } from './support/run.js';

const network = describeNetwork(
  buildResNet({ depth: 18, inputSize: 32, width: 0.125, classes: 10 }),
);
/** A clock on which every run takes 100 ms. */
function slow(): { now: () => number; executor: Executor } {
  let time = 0;
  return {
    now: () => time,
    executor: {
      async prepare(graph) {
        const program = await native.prepare(graph);
        return {
          run: (...args) => {
            time += 100;
            return program.run(...args);
          },
          dispose: () => program.dispose(),
        };
      },
    },
  };
}

describe('measuring', () => {
  it.each(works.filter((work) => work !== 'besides'))(
    '%s: as many runs as fit, each counted',
    async (work) => {
      const { now, executor } = slow();
      const request = { work, batch: 2, limitMs: 1000 };
      const found = await measureWork(network, executor, request, { now, pool: 'indices' });
      expect(found.times).toEqual(Array.from({ length: 10 }, () => 100));
      expect(found.firstMs).toBe(100);
      const passes = work === 'forward' ? 1 : 2;
      expect(found.multiplyAdds).toBe(2 * passes * network.macs);
      expect(workRow('x', 'resnet', found).gflops).toBeCloseTo(
        (2 * found.multiplyAdds) / 100 / 1e6,
      );
    },
  );

  it('a dream step without its network: the network runs once, and there is no rate', async () => {
    const { now, executor } = slow();
    const request = { work: 'besides', batch: 1 } as const;
    const found = await measureWork(network, executor, request, { now, pool: 'indices' });
    expect(found.firstMs).toBe(100);
    expect(found.times).toEqual(Array.from({ length: 40 }, () => 0));
    expect(workRow('x', 'resnet', found)).not.toHaveProperty('gflops');
  });

  it('what stands in for a network on a GPU lends the first answer, and frees it in the end', async () => {
    const [freed, runs] = [[] as string[], { count: 0 }];
    const buffer = {} as GPUBuffer;
    const gpu: Gpu = {
      device: {} as GPUDevice,
      wait: (task) => task(),
      prepare: () =>
        Promise.resolve({
          run: () => {
            runs.count++;
            return Promise.resolve({ y: { buffer, free: () => freed.push('answer') } });
          },
          dispose: () => Promise.resolve(void freed.push('program')),
        }),
    };
    const program = await standIn({ prepare: native.prepare.bind(native), gpu }).gpu!.prepare(
      network.graph,
    );
    for (let i = 0; i < 3; i++) {
      const { y } = await program.run({});
      expect(y!.buffer).toBe(buffer);
      y!.free();
    }
    expect([runs.count, freed]).toEqual([1, []]);
    await program.dispose();
    expect(freed).toEqual(['answer', 'program']);
  });

  it('one run when the first took longer than all may', async () => {
    const { now, executor } = slow();
    const request = { work: 'forward', batch: 1, limitMs: 50 } as const;
    const found = await measureWork(network, executor, request, { now, pool: 'indices' });
    expect(found.times).toHaveLength(1);
  });

  it('forward, and value with gradient, answer the same in both forms of pooling', async () => {
    const request = { work: 'gradient', batch: 1, limitMs: 1 } as const;
    const [a, b] = await Promise.all(
      (['indices', 'portable'] as const).map((pool) =>
        measureWork(network, native, request, { now: Date.now, pool }),
      ),
    );
    const row = workRow('portable', 'resnet', b!, a!.answer);
    expect(row.difference).toBeLessThan(1e-5);
    expect(a!.answer.gradient).toHaveLength(3 * 32 * 32);
  });

  it('a network without a classifier is measured to its last layer', async () => {
    const features = describeNetwork(
      buildVgg({ depth: 11, inputSize: 32, width: 0.125, classifier: false }),
    );
    const request = { work: 'gradient', batch: 1, limitMs: 1 } as const;
    const found = await measureWork(features, native, request, { now: Date.now, pool: 'indices' });
    expect(found.answer.value).toHaveLength(1);
  });

  it('a batch that the file does not allow is refused', async () => {
    const single = describeNetwork(
      buildResNet({ depth: 18, inputSize: 32, width: 0.125, batch: 1 }),
    );
    const request = { work: 'forward', batch: 8 } as const;
    await expect(
      measureWork(single, native, request, { now: Date.now, pool: 'indices' }),
    ).rejects.toThrow('takes one image at a time, got a batch of 8');
  });

  it('stops when it is told to, and frees what it made', async () => {
    let [live, done] = [0, 0];
    const counted: Executor = {
      async prepare(graph) {
        const program = await native.prepare(graph);
        live++;
        return {
          run: (...args) => program.run(...args),
          dispose: () => {
            live--;
            return program.dispose();
          },
        };
      },
    };
    const between = (): void => {
      if (++done === 3) throw new Error('enough');
    };
    const request = { work: 'forward', batch: 1 } as const;
    const watch = { now: Date.now, pool: 'indices', between } as const;
    await expect(measureWork(network, counted, request, watch)).rejects.toThrow('enough');
    expect(live).toBe(0);
  });

  it('the peak is a rate', async () => {
    const { now, executor } = slow();
    // 1024 x 512 x 512 multiply-adds in 100 ms.
    expect(await measurePeak(executor, { now, pool: 'indices' })).toBeCloseTo(5.369, 2);
  });
});

describe('operator cases', () => {
  it('every case answers, value and product; a backend that is off is seen', async () => {
    const right = await runOperatorCases(native, { now: Date.now, pool: 'indices' });
    const portable = await runOperatorCases(native, { now: Date.now, pool: 'portable' });
    expect(right.map(({ name }) => name)).toEqual(operatorCases);
    expect(right.filter(({ error }) => error !== undefined)).toEqual([]);
    for (const row of operatorRows('portable', portable, right)) {
      expect(row.value, row.name).toBeLessThan(1e-6);
      expect(row.gradient, row.name).toBeLessThan(1e-6);
    }
    const wrong = right.map((one) => ({ ...one, value: one.value!.map((v) => v * 1.01) }));
    for (const row of operatorRows('wrong', wrong, right)) expect(row.value).toBeCloseTo(0.01, 5);
  });

  it('numbers that are none are infinitely far', () => {
    expect(relativeDifference(Float32Array.of(NaN), Float32Array.of(1))).toBe(Infinity);
    expect(relativeDifference(Float32Array.of(1, 2), Float32Array.of(1))).toBe(Infinity);
    expect(relativeDifference(Float32Array.of(3, 4), Float32Array.of(0, 0))).toBe(5);
  });
});

describe('reports', () => {
  const report: BenchReport = {
    convlensBench: REPORT_VERSION,
    machine: { name: 'a "quick", one', program: 'Node', cores: 2 },
    date: '2026-01-02T03:04:05.000Z',
    runtimes: [{ runtime: 'ort-wasm', peak: 20 }],
    work: [
      {
        runtime: 'ort-wasm',
        network: 'resnet18',
        work: 'forward',
        batch: 1,
        medianMs: 5,
        gflops: 10,
      },
      { runtime: 'ort-webgpu', network: 'resnet18', work: 'forward', batch: 1, failed: 'none' },
    ],
    operators: [{ runtime: 'ort-wasm', name: 'Relu', value: 0, gradient: 0 }],
  };

  it('are read as they were written', () => {
    expect(readReport(JSON.stringify(report))).toEqual(report);
  });

  it.each([
    ['{', 'something that is no JSON'],
    ['{"a":1}', 'other JSON'],
    [JSON.stringify({ ...report, convlensBench: 2 }), 'one of the newer version 2'],
    [JSON.stringify({ ...report, work: [{ runtime: 1 }] }), 'a report with parts missing'],
  ])('%s is refused', (text, got) => {
    expect(() => readReport(text)).toThrow(`got ${got}. Save one`);
  });

  it('become CSV with the share of the peak', () => {
    expect(reportCsv([report]).split('\n')).toEqual([
      'machine,runtime,network,work,batch,medianMs,leastMs,mostMs,runs,gflops,shareOfPeak,difference,prepareMs,firstMs,failed',
      '"a ""quick"", one",ort-wasm,resnet18,forward,1,5,,,,10,0.5,,,,',
      '"a ""quick"", one",ort-webgpu,resnet18,forward,1,,,,,,,,,,none',
      '',
    ]);
  });
});
