import type { EngineConfig } from '../shared/api.js';
import { Backends } from './backends.js';
import { Compute } from './compute.js';
import { ortWasm, ortWebGpu } from './ort-web.js';
import { storedSpeeds } from './stored-speeds.js';
import { tfjsWasm, tfjsWebGl, tfjsWebGpu } from './tfjs-web.js';
import { threadsOf } from './wasm-executor.js';

export { decodeImage, readBitmap } from './images.js';

/**
 * The computing part with the runtimes of a browser, best first.
 *
 * @param config where their files are
 */
export function createCompute(config: EngineConfig): Compute {
  const { runtimeBase, threads, optimize = true, tune = true } = config;
  const speeds = storedSpeeds(`${threadsOf(threads)} threads`);
  const kept = optimize && tune ? speeds.forms('ort-wasm') : undefined;
  return new Compute(
    new Backends(
      [
        ortWebGpu(runtimeBase),
        tfjsWebGpu(),
        tfjsWebGl(),
        ortWasm(runtimeBase, threads, optimize, kept),
        tfjsWasm(runtimeBase),
      ],
      speeds.measurements,
    ),
  );
}
