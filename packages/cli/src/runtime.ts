import type { OrtExecutor } from '@convlens/engine/node';
import { createNodeExecutor, createNodeWasmExecutor } from '@convlens/engine/node';
import { UsageError, type Given } from './arguments.js';

/**
 * The runtime that was asked for.
 *
 * @throws UsageError for one that does not exist
 */
export async function runtimeOf(given: Given): Promise<OrtExecutor> {
  const name = given.text('runtime') ?? 'ort-node';
  if (name === 'ort-node') return createNodeExecutor();
  if (name === 'ort-wasm') return createNodeWasmExecutor();
  throw new UsageError(`--runtime is ort-node or ort-wasm, got "${name}"`);
}
