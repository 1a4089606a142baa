import { describe, expect, it } from 'vitest';
import { createNodeTfjsExecutor } from '../src/node/index.js';
import { checkConformance } from '../src/worker/conformance.js';
import type { Runtime } from '../src/worker/runtime.js';

describe('TensorFlow.js in Node', () => {
  it('computes the known network and its derivative', async () => {
    const executor = await createNodeTfjsExecutor();
    const runtime: Runtime = {
      backend: 'wasm',
      id: 'tfjs-wasm',
      threads: 1,
      reason: 'TensorFlow.js in Node.',
      executor,
      dispose: () => Promise.resolve(),
    };
    await expect(checkConformance(runtime)).resolves.toBeUndefined();
    expect(executor.sessions).toBe(0);
  });
});
