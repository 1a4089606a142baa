import type { EngineConfig } from '../shared/api.js';
import { Backends } from './backends.js';
import { Compute } from './compute.js';
import { ortWasm, ortWebGpu } from './ort-web.js';

export { decodeImage, readBitmap } from './images.js';

/**
 * The computing part with the runtimes of a browser, best first.
 *
 * @param config where their files are
 */
export function createCompute(config: EngineConfig): Compute {
  const { runtimeBase, threads, optimize } = config;
  return new Compute(
    new Backends([ortWebGpu(runtimeBase), ortWasm(runtimeBase, threads, optimize)]),
  );
}
