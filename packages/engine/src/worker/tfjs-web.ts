import type { RuntimeFactory } from './runtime.js';

/**
 * The WASM backend of TensorFlow.js. Its library and files are loaded when it is started.
 *
 * @param base address of the runtime folder
 */
export function tfjsWasm(base: string): RuntimeFactory {
  return {
    backend: 'wasm',
    id: 'tfjs-wasm',
    light: true,
    start: async (call) => (await import('./tfjs-start.js')).startWasm(base, call),
  };
}

/** The WebGL backend of TensorFlow.js. */
export function tfjsWebGl(): RuntimeFactory {
  return {
    backend: 'webgl',
    id: 'tfjs-webgl',
    start: async (_job, onLost, insist) =>
      (await import('./tfjs-start.js')).startWebGl(onLost, insist),
  };
}

/** The WebGPU backend of TensorFlow.js. */
export function tfjsWebGpu(): RuntimeFactory {
  return {
    backend: 'webgpu',
    id: 'tfjs-webgpu',
    start: async (_job, onLost, insist) =>
      (await import('./tfjs-start.js')).startWebGpu(onLost, insist),
  };
}
