import type { OrtExecutor } from '@convlens/engine/node';
import { createNodeExecutor, createNodeWasmExecutor, UNCHANGED } from '@convlens/engine/node';
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
export async function runtimeOf(given: Given, use: 'numbers' | 'speed'): Promise<OrtExecutor> {
  const name = given.text('runtime') ?? 'ort-node';
  const options = use === 'numbers' ? { policy: UNCHANGED } : {};
  if (name === 'ort-node') return createNodeExecutor(options);
  if (name === 'ort-wasm') return createNodeWasmExecutor(options);
  throw new UsageError(`--runtime is ort-node or ort-wasm, got "${name}"`);
}
