import type { Network } from '@convlens/adapters';
import { measurePeak, measureWork, runOperatorCases, type Watch } from '@convlens/core';
import { LensError } from '@convlens/onnx';
import type { MeasureAnswer, MeasureRequest } from '../shared/api.js';
import { breathe } from './breathe.js';
import type { Job } from './jobs.js';
import { poolOf, type Runtime } from './runtime.js';

/**
 * Measures a runtime. Loaded when it is asked for.
 *
 * @param job told how many runs are done; ends it between two
 * @param runtime what is measured
 * @param network what work is done on
 * @param request what to measure
 */
export async function measure(
  job: Job,
  runtime: Runtime,
  network: Network | undefined,
  request: MeasureRequest,
): Promise<Omit<MeasureAnswer, 'backend'>> {
  const what = request.kind === 'work' ? request.work : request.kind;
  const watch: Watch = {
    now: () => performance.now(),
    pool: poolOf(runtime),
    between: async (loaded) => {
      job.report({ stage: 'run', what, loaded });
      // A cancel is heard between two runs.
      await breathe();
      job.check();
    },
  };
  switch (request.kind) {
    case 'peak':
      return { peak: await measurePeak(runtime.executor, watch) };
    case 'operators':
      return { operators: await runOperatorCases(runtime.executor, watch) };
    case 'work':
      if (!network) throw new LensError('E_INTERNAL', 'Work is measured on a network.');
      return { work: await measureWork(network, runtime.executor, request, watch) };
  }
}
