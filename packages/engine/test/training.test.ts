// Steps of training whose state stays with the runtime, against the trajectories that PyTorch took.
import { float32, type TensorData } from '@convlens/onnx';
import { oneHot, Trainer } from '@convlens/training';
import { describe, expect, it } from 'vitest';
import {
  createNodeExecutor,
  createNodeTfjsExecutor,
  createNodeWasmExecutor,
} from '../src/node/index.js';
import type { CountingExecutor } from '../src/worker/runtime.js';
import {
  arraysOf,
  hasTrainingReferences,
  lossOf,
  networkOf,
  optimizerOf,
  partOf,
  trajectories,
} from './support/training-references.js';

const BATCH = 32;

const runtimes: Record<string, () => Promise<CountingExecutor>> = {
  'onnxruntime-node': () => Promise.resolve(createNodeExecutor()),
  'ONNX Runtime on WASM': () => createNodeWasmExecutor(),
  'TensorFlow.js on WASM': () => createNodeTfjsExecutor(),
};

/** Least that is allowed after so many steps, relative L2; else 20 times what a float32 run of PyTorch's differs by. */
const LEAST = { 1: 1e-5, 10: 1e-4, 50: 5e-3 } as const;

const chosen = hasTrainingReferences ? trajectories() : [];

/** Relative L2 distance over all values whose names begin with a prefix. */
function distance(
  found: Readonly<Record<string, TensorData>>,
  expected: Readonly<Record<string, TensorData>>,
  prefix: string,
): number {
  let [difference, size] = [0, 0];
  for (const [name, { data }] of Object.entries(expected)) {
    if (!name.startsWith(prefix)) continue;
    const own = found[name.slice(prefix.length)]!.data as Float32Array;
    (data as Float32Array).forEach((value, i) => {
      difference += (own[i]! - value) ** 2;
      size += value ** 2;
    });
  }
  expect(size).toBeGreaterThan(0);
  return Math.sqrt(difference / size);
}

describe.skipIf(!hasTrainingReferences).each(Object.entries(runtimes))('on %s', (name, start) => {
  it.each(chosen)('$network learns by $optimizer from $loss as in PyTorch', async (trajectory) => {
    const { network, file, noise } = trajectory;
    const executor = await start();
    const pool = name === 'onnxruntime-node' ? 'indices' : 'portable';
    const trainer = await Trainer.start(executor, networkOf(network), {
      ...{ batch: BATCH, loss: lossOf(trajectory), optimizer: optimizerOf(trajectory), pool },
    });
    const data = arraysOf(`${network}_data.npz`);
    const expected = arraysOf(file);
    const shape = [BATCH, ...data.x!.shape.slice(2)];
    for (let at = 0; at < 50; at++) {
      const images = float32(partOf(data.x!, at), shape);
      const targets = oneHot(partOf(data.t!, at), trainer.graph.classes);
      const { step, loss } = await trainer.step(images, targets);
      // Where the weights may differ, so may the loss; RMSprop divides by roots that are tiny at first.
      const early = trajectory.optimizer === 'rmsprop' && step > 1 ? LEAST[10] : LEAST[1];
      const allowed = step <= 10 ? early : LEAST[50];
      const reference = Number(expected.losses!.data[at]);
      expect(Math.abs(loss / reference - 1), `loss of step ${step}`).toBeLessThan(allowed);
      if (step !== 1 && step !== 10 && step !== 50) continue;
      const error = distance(await trainer.weights(), expected, `step${step}/`);
      expect(error, `after step ${step}`).toBeLessThan(Math.max(20 * noise[step], LEAST[step]));
    }
    await trainer.dispose();
    expect(executor.sessions).toBe(0);
  });
});

it.skipIf(hasTrainingReferences)('the trajectories of references/training are not there', () => {
  expect(chosen).toEqual([]);
});
