import type { Attribution, AttributionRequest } from '../../shared/api.js';
import { derivatives } from './derive.js';
import { inputOf, type Job } from './job.js';

/**
 * Which pixels drove a score.
 *
 * @throws LensError `E_OP_UNSUPPORTED` for an operator without a derivative, `E_ARGUMENT` for an unknown class
 */
export const job: Job<AttributionRequest, Attribution> = {
  run(desk, request) {
    const network = desk.network(request.network);
    const input = inputOf(network, desk.image(request.image));
    const began = performance.now();
    return desk.onRuntime(async (on) => {
      const found = await derivatives(desk, on, network).attribution(desk, input, request);
      return { ...found, backend: on.report, runMs: performance.now() - began };
    });
  },
};
