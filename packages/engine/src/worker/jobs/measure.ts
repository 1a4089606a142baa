import { measurePeak, measureWork, runOperatorCases, type Watch } from '@convlens/core';
import type { MeasureAnswer, MeasureRequest } from '../../shared/api.js';
import { breathe } from '../breathe.js';
import { poolOf } from '../runtime.js';
import type { Job } from './job.js';

/** Measures the runtime in use; says how many runs are done, and ends between two. */
export const job: Job<MeasureRequest, MeasureAnswer> = {
  run: (desk, request) =>
    desk.onRuntime(async ({ runtime, report: backend }) => {
      const { executor } = runtime;
      const what = request.kind === 'work' ? request.work : request.kind;
      const watch: Watch = {
        now: () => performance.now(),
        pool: poolOf(runtime),
        between: async (loaded) => {
          desk.report({ stage: 'run', what, loaded });
          // A cancel is heard between two runs.
          await breathe();
          desk.check();
        },
      };
      switch (request.kind) {
        case 'peak':
          return { peak: await measurePeak(executor, watch), backend };
        case 'operators':
          return { operators: await runOperatorCases(executor, watch), backend };
        case 'work': {
          const network = desk.network(request.network);
          return { work: await measureWork(network, executor, request, watch), backend };
        }
      }
    }),
};
