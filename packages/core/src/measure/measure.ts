import type { PoolLowering } from '@convlens/autodiff';
import type { Network } from '@convlens/adapters';
import {
  elementCount,
  float32,
  GraphBuilder,
  LensError,
  type Graph,
  type TensorData,
} from '@convlens/onnx';
import type { Executor } from '@convlens/runtime';
import { PACE } from '../recipe/run.js';
import { fixedBatch, prepareWork, type Work, type WorkAnswer } from './workload.js';

/** What is measured. */
export interface WorkRequest {
  readonly work: Work;
  /** Images at once. */
  readonly batch: number;
  /** How long to repeat it, in milliseconds; 1,000 by default. */
  readonly limitMs?: number;
}

/** What was measured. */
export interface MeasuredWork extends WorkRequest {
  /** Differentiating, rewriting and loading, in milliseconds. A dream loads with its first run. */
  readonly prepareMs: number;
  /** The first run, in milliseconds: GPUs compile their shaders in it. */
  readonly firstMs: number;
  /** Milliseconds of each further run; of several together their mean. */
  readonly times: readonly number[];
  /** Of one run; see `Workload`. */
  readonly multiplyAdds: number;
  /** Of the first run, so that backends compare. */
  readonly answer: WorkAnswer;
}

/** Told between runs, which wait for it; may throw to end the measurement. */
type BetweenRuns = (done: number) => void | Promise<void>;

/** What measuring needs from where it runs. */
export interface Watch {
  /** A clock, in milliseconds: `performance.now`. */
  readonly now: () => number;
  /** How max-pooling is differentiated on the backend. */
  readonly pool: PoolLowering;
  readonly between?: BetweenRuns;
}

/** Runs after the first: at least and at most, unless the first took longer than everything may. */
const RUNS = { least: 3, most: 40 };

/**
 * Measures work on a backend: one run that is not counted, then as many as fit into the limit.
 *
 * @param network the network
 * @param executor the backend
 * @param request what to do, on how many images, for how long
 * @param watch clock, how max-pooling is differentiated, told how many runs are done
 * @throws LensError `E_ARGUMENT` for a batch that the network cannot take; what preparing and running throw
 */
export async function measureWork(
  network: Network,
  executor: Executor,
  request: WorkRequest,
  { now, pool, between = () => undefined }: Watch,
): Promise<MeasuredWork> {
  const { work, batch, limitMs = 1000 } = request;
  if (!Number.isInteger(batch) || batch < 1 || (batch > 1 && fixedBatch(network))) {
    throw new LensError(
      'E_ARGUMENT',
      fixedBatch(network)
        ? `${network.title} takes one image at a time, got a batch of ${batch}.`
        : `Expected a batch of 1 or more images, got ${batch}.`,
    );
  }
  const began = now();
  const load = await prepareWork(network, executor, work, batch, pool);
  try {
    const prepared = now();
    await between(0);
    const answer = await load.run();
    const firstMs = now() - prepared;
    const least = firstMs > limitMs ? 1 : RUNS.least;
    const times: number[] = [];
    const until = now() + limitMs;
    let together = 1;
    while (times.length < least || (times.length < RUNS.most && now() < until)) {
      await between(times.length + 1);
      const start = now();
      await load.run(together);
      const ms = (now() - start) / together;
      // As the studio shows it: what stays on the device is read for frames only.
      if (load.resident && together === 1 && ms < PACE.frameMs / 2) {
        together = Math.min(PACE.mostUnseen, Math.floor(PACE.frameMs / ms));
        continue;
      }
      times.push(ms);
    }
    const { multiplyAdds } = load;
    return { work, batch, prepareMs: prepared - began, firstMs, times, multiplyAdds, answer };
  } finally {
    await load.dispose();
  }
}

/** Extents of the product whose rate is the peak: rows, sum, columns. */
const PRODUCT = { rows: 1024, sum: 512, columns: 512 };

const waves = (...shape: readonly number[]): TensorData<'float32'> =>
  float32(
    Float32Array.from({ length: elementCount(shape) }, (_, i) => Math.sin(i)),
    shape,
  );

/**
 * One large product, as a matrix product and as a convolution of 1x1, which runtimes have kernels of their own for. The
 * constant factor may be brought into another order beforehand.
 */
function products(): { graph: Graph; input: TensorData }[] {
  const { rows, sum, columns } = PRODUCT;
  const side = Math.sqrt(rows);
  const graph = (op: string, weight: TensorData, x: readonly number[]): Graph => {
    const b = new GraphBuilder({ name: 'peak' });
    b.output(b.emit(op, [b.input('x', x), b.weight('w', weight)], {}, 'y'));
    return b.finish();
  };
  const [matrix, map] = [
    [rows, sum],
    [1, sum, side, side],
  ] as const;
  return [
    {
      graph: graph('MatMul', waves(sum, columns), matrix),
      input: waves(...matrix),
    },
    {
      graph: graph('Conv', waves(columns, sum, 1, 1), map),
      input: waves(...map),
    },
  ];
}

/**
 * The highest rate that a backend reaches at what it does best: a product of 1024 x 512 x 512, as a matrix product or
 * as a convolution, the best of the runs that fit into the limit.
 *
 * @param executor the backend
 * @param watch clock, told how many runs are done
 * @param limitMs how long to try each
 * @returns GFLOP/s, a multiply-add counting as two
 */
export async function measurePeak(
  executor: Executor,
  { now, between = () => undefined }: Watch,
  limitMs = 300,
): Promise<number> {
  let best = Infinity;
  for (const { graph, input } of products()) {
    const program = await executor.prepare(graph);
    try {
      await program.run({ x: input });
      const until = now() + limitMs;
      for (let done = 1; done <= 3 || now() < until; done++) {
        await between(done);
        const start = now();
        await program.run({ x: input });
        best = Math.min(best, now() - start);
      }
    } finally {
      await program.dispose();
    }
  }
  const { rows, sum, columns } = PRODUCT;
  return (2 * rows * sum * columns) / best / 1e6;
}
