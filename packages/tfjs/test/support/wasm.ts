import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import type * as Core from '@tensorflow/tfjs-core';
import type * as Wasm from '@tensorflow/tfjs-backend-wasm';
import { OWN_WASM_TRAITS, registerOwnKernels, TfjsExecutor, WASM_TRAITS } from '../../src/index.js';

const require = createRequire(import.meta.url);

// The CommonJS entries, because the others cannot be imported by Node.
/** The core of TensorFlow.js that the backend is registered in. */
export const tf = require('@tensorflow/tfjs-core') as typeof Core;
const wasm = require('@tensorflow/tfjs-backend-wasm') as typeof Wasm;
wasm.setWasmPaths(`${dirname(require.resolve('@tensorflow/tfjs-backend-wasm'))}/`);
wasm.setThreadsCount(1);

// Node 20 knows fused multiplication and addition, and hides it.
setFlagsFromString('--experimental-wasm-relaxed-simd');

/** Whose kernels convolutions run on. */
export type Kernels = 'fused' | 'not fused' | 'the library’s';

/**
 * The WASM backend of TensorFlow.js in Node, one thread.
 *
 * @param kernels Convlens's own, with multiplications and additions fused or not, or those that come with it
 */
export async function executorWith(kernels: Kernels): Promise<TfjsExecutor> {
  const own = kernels !== 'the library’s';
  await tf.setBackend('wasm');
  if (own) await registerOwnKernels(tf, kernels === 'fused');
  const traits = own ? OWN_WASM_TRAITS : WASM_TRAITS;
  return new TfjsExecutor(tf, { runtime: 'tfjs-wasm', backend: 'wasm', traits });
}
