import { optimize, type Policy } from '@convlens/optimizer';
import { OrtExecutor, type Ort } from './ort-executor.js';

/**
 * Runs graphs with ONNX Runtime Web's WASM backend.
 *
 * @param ort the runtime's module, with its threads set
 * @param policy which convolutions are rewritten for it
 */
export function wasmExecutor(ort: Ort, policy: Policy): OrtExecutor {
  return new OrtExecutor(
    ort,
    { executionProviders: ['wasm'], logSeverityLevel: 3 },
    { lower: (graph) => optimize(graph, { policy }), parts: true },
  );
}

/**
 * Threads that WebAssembly may use here: more than one only in cross-origin isolated pages.
 *
 * @param wished at most so many
 */
export function threadsOf(wished: number | undefined): number {
  if (!crossOriginIsolated) return 1;
  return Math.max(1, wished ?? Math.min(4, navigator.hardwareConcurrency));
}

/**
 * What WebAssembly is here, in a sentence for people.
 *
 * @param threads how many it uses
 */
export function wasmReason(threads: number): string {
  if (threads > 1) return `WebAssembly with ${threads} threads.`;
  return crossOriginIsolated
    ? 'WebAssembly with one thread.'
    : 'WebAssembly with one thread (the page is not cross-origin isolated).';
}
