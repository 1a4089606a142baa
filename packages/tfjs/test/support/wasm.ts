import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import type * as Core from '@tensorflow/tfjs-core';
import type * as Wasm from '@tensorflow/tfjs-backend-wasm';
import { TfjsExecutor, WASM_TRAITS } from '../../src/index.js';

const require = createRequire(import.meta.url);

// The CommonJS entries, because the others cannot be imported by Node.
/** The core of TensorFlow.js that the backend is registered in. */
export const tf = require('@tensorflow/tfjs-core') as typeof Core;
const wasm = require('@tensorflow/tfjs-backend-wasm') as typeof Wasm;
wasm.setWasmPaths(`${dirname(require.resolve('@tensorflow/tfjs-backend-wasm'))}/`);
wasm.setThreadsCount(1);

/** The WASM backend of TensorFlow.js in Node, one thread. */
export const executor = new TfjsExecutor(tf, {
  runtime: 'tfjs-wasm',
  backend: 'wasm',
  traits: WASM_TRAITS,
});
