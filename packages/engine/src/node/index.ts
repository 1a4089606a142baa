import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import type * as Wasm from '@tensorflow/tfjs-backend-wasm';
import type * as Core from '@tensorflow/tfjs-core';
import * as ort from 'onnxruntime-node';
import { LensError } from '@convlens/onnx';
import { NODE_POLICY, optimize as rewrite, WASM_POLICY, type Policy } from '@convlens/optimizer';
import { TfjsExecutor, OWN_WASM_TRAITS, registerOwnKernels } from '@convlens/tfjs';
import { Backends } from '../worker/backends.js';
import { Engine } from '../worker/engine.js';
import { OrtExecutor } from '../worker/ort-executor.js';
import type { RuntimeFactory } from '../worker/runtime.js';
import { wasmExecutor } from '../worker/wasm-executor.js';
import { LocalEngine } from './local-engine.js';

export type { LocalEngine } from './local-engine.js';
export { OrtExecutor } from '../worker/ort-executor.js';
export { TfjsExecutor } from '@convlens/tfjs';
export { UNCHANGED } from '@convlens/optimizer';
export type * from '../shared/api.js';
export type * from '../shared/engine-calls.js';
export type { JobAnswer, JobFrame, JobKind, JobRequest } from '../worker/jobs/table.js';

/** Options of the Node runtime. */
export interface NodeOptions {
  /** Threads inside an operator; 1 by default, so that results and timings compare. */
  readonly threads?: number;
  /** Graph optimisation of the runtime; all by default. */
  readonly optimize?: boolean;
  /** Which convolutions are rewritten before; `UNCHANGED` for none. Default `NODE_POLICY`. */
  readonly policy?: Policy;
}

/**
 * Runs graphs with onnxruntime-node on the CPU.
 *
 * @param options threads and graph optimisation
 */
export function createNodeExecutor(options: NodeOptions = {}): OrtExecutor {
  const { threads = 1, optimize = true, policy = NODE_POLICY } = options;
  return new OrtExecutor(
    ort,
    {
      executionProviders: ['cpu'],
      intraOpNumThreads: threads,
      interOpNumThreads: 1,
      graphOptimizationLevel: optimize ? 'all' : 'disabled',
      logSeverityLevel: 3,
    },
    { lower: (graph) => rewrite(graph, { policy }) },
  );
}

/**
 * Runs graphs in Node with ONNX Runtime Web's WASM backend on one thread: the arithmetic of the browser.
 *
 * @param options which convolutions are rewritten for it; `WASM_POLICY` by default, as in the browser
 * @throws LensError `E_BACKEND_INIT` when it cannot be loaded
 */
export async function createNodeWasmExecutor(
  options: { readonly policy?: Policy } = {},
): Promise<OrtExecutor> {
  try {
    const web = await import('onnxruntime-web');
    web.env.wasm.numThreads = 1;
    return wasmExecutor(web, options.policy ?? WASM_POLICY);
  } catch (cause) {
    throw new LensError('E_BACKEND_INIT', 'ONNX Runtime Web could not be loaded in Node.', {
      cause,
    });
  }
}

/**
 * Runs graphs in Node with TensorFlow.js's WASM backend on one thread: the arithmetic of the browser.
 *
 * @param options `direct`: convolutions are computed as they stand, right to 2e-7; not so by default, as in the browser
 * @throws LensError `E_BACKEND_INIT` when it cannot be loaded
 */
export async function createNodeTfjsExecutor(
  options: { readonly direct?: boolean } = {},
): Promise<TfjsExecutor> {
  try {
    // The CommonJS entries: the others cannot be imported by Node, and both must be the same copy of the library.
    const require = createRequire(import.meta.url);
    const core = require('@tensorflow/tfjs-core') as typeof Core;
    const wasm = require('@tensorflow/tfjs-backend-wasm') as typeof Wasm;
    wasm.setWasmPaths(`${dirname(require.resolve('@tensorflow/tfjs-backend-wasm'))}/`);
    wasm.setThreadsCount(1);
    await core.setBackend('wasm');
    await registerOwnKernels(core);
    const traits = { ...OWN_WASM_TRAITS, winograd: options.direct !== true };
    return new TfjsExecutor(core, { runtime: 'tfjs-wasm', backend: 'wasm', traits });
  } catch (cause) {
    throw new LensError('E_BACKEND_INIT', 'TensorFlow.js could not be loaded in Node.', { cause });
  }
}

function cpu(options: NodeOptions): RuntimeFactory {
  return {
    backend: 'cpu',
    id: 'ort-node',
    start: () =>
      Promise.resolve({
        backend: 'cpu',
        id: 'ort-node',
        threads: options.threads ?? 1,
        executor: createNodeExecutor(options),
        reason: 'onnxruntime-node on the CPU.',
        dispose: () => Promise.resolve(),
      }),
  };
}

/**
 * The same engine without a browser or a worker: networks and images come from file paths (as `url`) or as pixels.
 *
 * @param options threads and graph optimisation
 */
export function createNodeEngine(options: NodeOptions = {}): LocalEngine {
  const engine = new Engine({
    async readNetwork({ url = '' }) {
      try {
        return { bytes: await readFile(url) };
      } catch (cause) {
        throw new LensError('E_FETCH', `No file can be read at ${url}.`, { cause });
      }
    },
    readImage({ pixels }) {
      if (pixels) return Promise.resolve(pixels);
      throw new LensError('E_ARGUMENT', 'In Node an image is given as pixels.');
    },
    readFrame() {
      throw new LensError('E_ARGUMENT', 'In Node there are no video frames.');
    },
    loadBackends: () => Promise.resolve(new Backends([cpu(options)])),
    wasmBytes: () => 0,
  });
  return new LocalEngine(engine);
}
