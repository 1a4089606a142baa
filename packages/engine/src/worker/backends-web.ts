import type { EngineConfig } from '../shared/api.js';
import { Backends } from './backends.js';
import { ortWasm, ortWebGpu } from './ort-web.js';
import { storedSpeeds } from './stored-speeds.js';
import { tfjsWasm, tfjsWebGl, tfjsWebGpu } from './tfjs-web.js';
import { threadsOf } from './wasm-executor.js';

export { decodeImage, readBitmap } from './images.js';

/** So many threads and less, and ONNX Runtime is the slower one on WASM (decision 0012). */
const FEW_THREADS = 2;

/**
 * The runtimes of a browser, best first.
 *
 * @param config where their files are
 */
export function createBackends(config: EngineConfig): Backends {
  const { runtimeBase, threads, optimize = true, tune = true, precision } = config;
  const speeds = storedSpeeds(`${threadsOf(threads)} threads`);
  const kept = optimize && tune ? speeds.forms('ort-wasm') : undefined;
  const float16 = precision === 'half';
  const ort = ortWasm(runtimeBase, threads, optimize, kept);
  const tfjs = tfjsWasm(runtimeBase);
  return new Backends(
    [
      ortWebGpu(runtimeBase, float16),
      tfjsWebGpu(),
      tfjsWebGl(),
      // Convlens's kernels, on one thread, against those of ONNX Runtime on all.
      ...(threadsOf(threads) > FEW_THREADS ? [ort, tfjs] : [tfjs, ort]),
    ],
    speeds.measurements,
  );
}
