import * as ort from 'onnxruntime-node';
import { describeNetwork } from '@convlens/adapters';
import { buildVgg } from '@convlens/adapters/builders';
import { FeatureMaps, gradient, Gradients } from '@convlens/core';
import { elementCount, float32, type Graph } from '@convlens/onnx';
import { describe, expect, it } from 'vitest';
import { HALF_PRECISION } from '../src/worker/half-precision.js';
import { OrtExecutor } from '../src/worker/ort-executor.js';

const network = describeNetwork(
  buildVgg({ depth: 11, batch: 1, fold: true, inputSize: 64, width: 0.25, classes: 10, seed: 4 }),
);
const shape = [1, ...network.input.shape];
const layer = network.layers.find(({ id }) => id === 'relu4_1')!;

/** Numbers of all sizes, times something. */
const image = (size: number) =>
  float32(
    Float32Array.from({ length: elementCount(shape) }, (_, i) => size * Math.sin(i * i * 0.01)),
    shape,
  );

/** The CPU, which has float16 too, as a GPU that has it; with the graphs that it is given. */
function executorWith(seen: string[][]): OrtExecutor {
  const note = (graph: Graph): Graph => {
    const types = [...graph.initializers.values()].map(({ dtype }) => dtype);
    seen.push([...new Set(types)]);
    return graph;
  };
  return new OrtExecutor(
    ort,
    { executionProviders: ['cpu'] },
    { lower: note, float16: HALF_PRECISION },
  );
}

const relative = (a: Float32Array, b: Float32Array): number =>
  Math.hypot(...a.map((v, i) => v - b[i]!)) / Math.hypot(...b);

describe('float16 where it is enough', () => {
  it('computes feature maps in it, and only when it may', async () => {
    const seen: string[][] = [];
    const executor = executorWith(seen);
    const read = async (float16: boolean): Promise<Float32Array> => {
      const maps = new FeatureMaps(network, executor, { float16 });
      const found = await maps.read(image(1), [layer.value], { alone: true });
      await maps.dispose();
      return found.get(layer.value)!.data;
    };
    // The second is the look at how large the numbers become.
    const [rounded, exact] = [await read(true), await read(false)];
    expect(seen).toEqual([['float16'], ['float32'], ['float32']]);
    expect(relative(rounded, exact)).toBeLessThan(5e-3);
    expect(relative(rounded, exact)).toBeGreaterThan(1e-6);
    expect(executor.sessions).toBe(0);
  });

  it('computes again in float32 what float16 cannot hold', async () => {
    const seen: string[][] = [];
    const executor = executorWith(seen);
    const large = image(1e6);
    const maps = new FeatureMaps(network, executor, { float16: true });
    const found = await maps.read(large, [layer.value], { alone: true });
    await maps.read(large, [layer.value], { alone: true });
    await maps.dispose();
    expect(seen).toEqual([['float16'], ['float32'], ['float32']]);
    expect(found.get(layer.value)!.data.every(Number.isFinite)).toBe(true);
    expect(Math.max(...found.get(layer.value)!.data)).toBeGreaterThan(65504);
    expect(executor.sessions).toBe(0);
  });

  it('never computes a gradient in it', async () => {
    const seen: string[][] = [];
    const gradients = new Gradients(network, executorWith(seen));
    await gradient(network, gradients, image(1), { kind: 'class', index: 1 });
    await gradients.dispose();
    expect(seen.flat()).not.toContain('float16');
  });
});
