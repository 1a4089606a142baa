import type { PoolLowering } from '@convlens/autodiff';
import {
  createNodeExecutor,
  createNodeTfjsExecutor,
  createNodeWasmExecutor,
} from '@convlens/engine/node';

/** The runtimes that there are in Node, as visitors have them. */
export const RUNTIMES = {
  'ort-node': () => createNodeExecutor(),
  'ort-wasm': () => createNodeWasmExecutor(),
  'tfjs-wasm': () => createNodeTfjsExecutor(),
} as const;

/** Their names. */
export const RUNTIME_NAMES = Object.keys(RUNTIMES) as (keyof typeof RUNTIMES)[];

/** How max-pooling is differentiated there; TensorFlow.js gives no indices. */
export function poolOn(runtime: string): PoolLowering {
  return runtime.startsWith('tfjs') ? 'portable' : 'indices';
}
