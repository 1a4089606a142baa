import { describeNetwork } from '@convlens/adapters';
import { buildResNet } from '@convlens/adapters/builders';
import { FeatureMaps } from '@convlens/core';
import { elementCount, float32 } from '@convlens/onnx';
import { UNCHANGED, WASM_POLICY, type Policy } from '@convlens/optimizer';
import { expect, it } from 'vitest';
import { createNodeWasmExecutor } from '../src/node/index.js';

it('rewrites convolutions for WASM unless it is told not to: the same scores but for rounding', async () => {
  const network = describeNetwork(
    buildResNet({ depth: 18, batch: 1, fold: true, inputSize: 96, classes: 10, seed: 2 }),
  );
  const shape = [1, ...network.input.shape];
  const data = Float32Array.from({ length: elementCount(shape) }, (_, i) => Math.sin(i * i * 0.01));
  const { value } = network.logits!;
  const scores = async (policy: Policy): Promise<Float32Array> => {
    const executor = await createNodeWasmExecutor({ policy });
    const maps = new FeatureMaps(network, executor);
    const results = await maps.read(float32(data, shape), [value]);
    await maps.dispose();
    expect(executor.sessions).toBe(0);
    return results.get(value)!.data;
  };
  const [fast, plain] = [await scores(WASM_POLICY), await scores(UNCHANGED)];
  const length = Math.hypot(...plain);
  expect(Math.hypot(...fast.map((score, i) => score - plain[i]!)) / length).toBeLessThan(1e-5);
  // Equal to the last bit would mean that nothing was rewritten.
  expect([...fast]).not.toEqual([...plain]);
});
