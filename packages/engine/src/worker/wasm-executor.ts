import { optimize as optimizeGraph, WASM_POLICY } from '@convlens/optimizer';
import { OrtExecutor, type Ort } from './ort-executor.js';

/**
 * Runs graphs with ONNX Runtime Web's WASM backend.
 *
 * @param ort the runtime's module, with its threads set
 * @param optimize rewrite convolutions for it; without, the runtime's own kernels compute the graph as it stands
 */
export function wasmExecutor(ort: Ort, optimize: boolean): OrtExecutor {
  return new OrtExecutor(
    ort,
    { executionProviders: ['wasm'], logSeverityLevel: 3 },
    () => false,
    optimize ? (graph) => optimizeGraph(graph, { policy: WASM_POLICY }) : undefined,
    true,
  );
}
