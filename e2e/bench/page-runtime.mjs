// What a page without threads computes on in Chromium, in Node.
import { setFlagsFromString } from 'node:v8';
import { createNodeTfjsExecutor } from '@convlens/engine/node';

// Chromium has had fused multiplication and addition since 114; Node 20 knows it and hides it.
if (process.versions.node.startsWith('20.')) {
  setFlagsFromString('--experimental-wasm-relaxed-simd');
}

/** TensorFlow.js on WASM with Convlens's kernels, one thread. */
export function pageExecutor() {
  return createNodeTfjsExecutor();
}
