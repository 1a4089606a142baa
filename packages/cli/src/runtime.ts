import type { PoolLowering } from '@convlens/autodiff';
import type { Executor } from '@convlens/runtime';
import {
  createNodeExecutor,
  createNodeTfjsExecutor,
  createNodeWasmExecutor,
  UNCHANGED,
} from '@convlens/engine/node';
import { UsageError, type Given } from './arguments.js';

/**
 * The runtime that was asked for.
 *
 * @param given the arguments
 * @param use `numbers` for results that people compare with another framework's: convolutions are computed directly, as
 *   Winograd's filtering costs a few rounding errors more, which moves a value over a kink (a ReLU at zero) more often;
 *   `speed` for loops of many steps
 * @throws UsageError for one that does not exist
 */
export async function runtimeOf(given: Given, use: 'numbers' | 'speed'): Promise<Executor> {
  const name = given.text('runtime') ?? RUNTIMES[0];
  return executorOf(name, use === 'numbers');
}

/** Runtimes that there are in Node, the default first. */
export const RUNTIMES = ['ort-node', 'ort-wasm', 'tfjs-wasm'] as const;

/**
 * A runtime by its name.
 *
 * @param name one of `RUNTIMES`
 * @param direct compute convolutions as they stand
 * @throws UsageError for one that does not exist
 */
export async function executorOf(name: string, direct = false): Promise<Executor> {
  const options = direct ? { policy: UNCHANGED } : {};
  if (name === 'ort-node') return createNodeExecutor(options);
  if (name === 'ort-wasm') return createNodeWasmExecutor(options);
  if (name === 'tfjs-wasm') return createNodeTfjsExecutor({ direct });
  throw new UsageError(`--runtime is one of ${RUNTIMES.join(', ')}, got "${name}"`);
}

/**
 * How max-pooling is differentiated on a runtime: by indices where it gives them, and they are fast.
 *
 * @param name one of `RUNTIMES`
 */
export function poolOf(name: string | undefined): PoolLowering {
  return name === undefined || name === 'ort-node' ? 'indices' : 'portable';
}
