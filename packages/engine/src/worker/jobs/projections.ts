import { findLayer } from '@convlens/core';
import { float32 } from '@convlens/onnx';
import type { ProjectionRequest, Projections } from '../../shared/api.js';
import { derivatives } from './derive.js';
import { inputOf, type Job } from './job.js';
import { featureMaps } from './maps.js';

/**
 * A unit carried back to the pixels.
 *
 * @throws LensError `E_OP_UNSUPPORTED` for an operator without a derivative, and as `activations` does
 */
export const job: Job<ProjectionRequest, Projections> = {
  async run(desk, { network: id, image, target, rules }) {
    const network = desk.network(id);
    const pixels = await desk.pixels(image);
    const began = performance.now();
    const input = inputOf(network, pixels);
    const { value } = findLayer(network, target.layer);
    return desk.onRuntime(async (on) => {
      const { data, shape } = (await featureMaps(desk, on, network).read(input, [value])).get(
        value,
      )!;
      const map = float32(data, shape.slice(1));
      const derive = derivatives(desk, on, network);
      const projections = await derive.projections(desk, input, map, target, rules);
      return { projections, backend: on.report, runMs: performance.now() - began };
    });
  },
};
