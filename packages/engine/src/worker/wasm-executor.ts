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
    () => false,
    (graph) => optimize(graph, { policy }),
    true,
  );
}
