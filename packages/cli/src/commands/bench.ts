import { cpus } from 'node:os';
import { describeNetwork, type Network } from '@convlens/adapters';
import { buildStandard, standardNames } from '@convlens/adapters/builders';
import {
  measurePeak,
  measureWork,
  operatorRows,
  REPORT_VERSION,
  reportCsv,
  runOperatorCases,
  workRow,
  works,
  type BenchReport,
  type OperatorAnswer,
  type Watch,
  type Work,
  type WorkAnswer,
  type WorkRow,
} from '@convlens/core';
import type { Executor } from '@convlens/runtime';
import { LensError } from '@convlens/onnx';
import { parse, UsageError, type Given } from '../arguments.js';
import { Output, readModel } from '../files.js';
import { executorOf, poolOf, RUNTIMES } from '../runtime.js';

/** Everything that is measured, in order. */
interface Plan {
  readonly models: readonly string[];
  readonly runtimes: readonly string[];
  readonly works: readonly Work[];
  readonly batches: readonly number[];
  readonly limitMs: number;
}

function planOf(given: Given): Plan {
  const chosen = <T extends string>(option: string, known: readonly T[]): readonly T[] => {
    const list = given.list(option);
    const wrong = list.find((one) => !known.includes(one as T));
    if (wrong !== undefined) {
      throw new UsageError(`--${option} is one of ${known.join(', ')}, got "${wrong}"`);
    }
    return list.length > 0 ? (list as T[]) : known;
  };
  const batches = given.list('batch').map(Number);
  const wrong = batches.find((batch) => !Number.isInteger(batch) || batch < 1);
  if (wrong !== undefined) throw new UsageError('--batch takes a whole number from 1 up');
  const seconds = given.number('seconds') ?? 1;
  if (seconds <= 0) throw new UsageError(`--seconds takes a number above 0, got ${seconds}`);
  return {
    models: [given.model, ...given.rest],
    runtimes: chosen('runtime', RUNTIMES),
    works: chosen('work', works),
    batches: batches.length > 0 ? batches : [1],
    limitMs: 1000 * seconds,
  };
}

function networkOf(name: string): Network {
  if (standardNames.some(({ id }) => id === name)) return describeNetwork(buildStandard(name));
  const { graph, knowledge } = readModel(name);
  return describeNetwork(graph, knowledge);
}

/** What the first runtime answered: the others are compared with it. */
interface Reference {
  readonly answers: Map<string, WorkAnswer>;
  operators?: readonly OperatorAnswer[];
}

async function workRows(
  plan: Plan,
  runtime: string,
  executor: Executor,
  watch: Watch,
  { answers }: Reference,
): Promise<WorkRow[]> {
  const rows: WorkRow[] = [];
  for (const model of plan.models) {
    const network = networkOf(model);
    for (const work of plan.works) {
      for (const batch of plan.batches) {
        const key = `${model} ${work} ${batch}`;
        try {
          const request = { work, batch, limitMs: plan.limitMs };
          const measured = await measureWork(network, executor, request, watch);
          const expected = answers.get(key);
          if (!expected) answers.set(key, measured.answer);
          rows.push(workRow(runtime, model, measured, expected));
        } catch (error) {
          if (!(error instanceof LensError)) throw error;
          rows.push({ runtime, network: model, work, batch, failed: error.message });
        }
      }
    }
  }
  return rows;
}

async function measureAll(plan: Plan): Promise<BenchReport> {
  const report = {
    convlensBench: REPORT_VERSION,
    machine: {
      name: `${cpus()[0]?.model ?? 'unknown processor'}, Node`,
      program: `Node ${process.versions.node}`,
      cores: cpus().length,
    },
    date: new Date().toISOString(),
    reference: plan.runtimes[0]!,
    runtimes: [] as BenchReport['runtimes'][number][],
    work: [] as BenchReport['work'][number][],
    operators: [] as BenchReport['operators'][number][],
  } as const;
  const reference: Reference = { answers: new Map() };
  for (const runtime of plan.runtimes) {
    const began = performance.now();
    const executor = await executorOf(runtime);
    const startMs = performance.now() - began;
    const watch: Watch = { now: () => performance.now(), pool: poolOf(runtime) };
    const peak = await measurePeak(executor, watch);
    const answers = await runOperatorCases(executor, watch);
    reference.operators ??= answers;
    report.operators.push(...operatorRows(runtime, answers, reference.operators));
    report.work.push(...(await workRows(plan, runtime, executor, watch, reference)));
    const memory = process.memoryUsage().rss;
    report.runtimes.push({ runtime, threads: 1, startMs, peak, memory });
  }
  return report;
}

function table({ work, runtimes }: BenchReport): string {
  const lines = work.map((row) => {
    const peak = runtimes.find(({ runtime }) => runtime === row.runtime)?.peak ?? NaN;
    const others = work.filter(
      (one) => one.network === row.network && one.work === row.work && one.batch === row.batch,
    );
    const fastest = Math.min(...others.map(({ medianMs = Infinity }) => medianMs));
    if (row.failed !== undefined) {
      return [row.network, row.work, row.batch, row.runtime, row.failed].join('  ');
    }
    const { medianMs = NaN, gflops, difference } = row;
    return [
      row.network.padEnd(16),
      row.work.padEnd(8),
      String(row.batch).padStart(5),
      row.runtime.padEnd(9),
      `${medianMs.toFixed(2)} ms`.padStart(12),
      `${(medianMs / fastest).toFixed(2)}x`.padStart(7),
      (gflops?.toFixed(1) ?? '').padStart(8),
      (gflops === undefined ? '' : `${((100 * gflops) / peak).toFixed(0)} %`).padStart(6),
      difference === undefined ? '' : difference.toExponential(0),
    ].join('  ');
  });
  const head =
    'network           work      batch  runtime          median  to best  GFLOP/s   peak  difference';
  return [head, ...lines].join('\n');
}

/** `convlens bench`: the speed of runtimes at work on networks, and how far they are apart. */
export async function bench(args: readonly string[]): Promise<string> {
  const many = { type: 'string', multiple: true } as const;
  const options = {
    runtime: many,
    work: many,
    batch: many,
    seconds: { type: 'string' },
    json: { type: 'boolean' },
    out: { type: 'string' },
  } as const;
  const given = parse(args, options, true);
  const report = await measureAll(planOf(given));
  const folder = given.text('out');
  if (folder !== undefined) {
    const output = new Output(folder);
    output.json('bench', report);
    output.text('bench.csv', reportCsv([report]));
  }
  return given.flag('json') ? JSON.stringify(report, null, 2) : table(report);
}
