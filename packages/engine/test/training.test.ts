// One step of training as a graph whose state stays with the runtime, against the trajectories that PyTorch took.
import type { TensorData } from '@convlens/onnx';
import { prepare } from '@convlens/runtime';
import { describe, expect, it } from 'vitest';
import {
  createNodeExecutor,
  createNodeTfjsExecutor,
  createNodeWasmExecutor,
} from '../src/node/index.js';
import type { CountingExecutor } from '../src/worker/runtime.js';
import { stepGraph, type Rule } from './support/step-graph.js';
import {
  arraysOf,
  hasTrainingReferences,
  networkOf,
  trajectories,
  type Trajectory,
} from './support/training-references.js';

const BATCH = 32;

const runtimes: Record<string, () => Promise<CountingExecutor>> = {
  'onnxruntime-node': () => Promise.resolve(createNodeExecutor()),
  'ONNX Runtime on WASM': () => createNodeWasmExecutor(),
  'TensorFlow.js on WASM': () => createNodeTfjsExecutor(),
};

const chosen = hasTrainingReferences
  ? trajectories().filter(
      ({ loss, optimizer }) =>
        loss === 'cross_entropy' && (optimizer === 'sgd' || optimizer === 'adam'),
    )
  : [];

function ruleOf({ optimizer, parameters }: Trajectory): Rule {
  const { lr, betas = [0.9, 0.999], eps = 1e-8 } = parameters;
  return optimizer === 'adam' ? { kind: 'adam', lr, betas, eps } : { kind: 'sgd', lr };
}

function partOf({ shape, data }: TensorData, step: number): Float32Array {
  const length = data.length / shape[0]!;
  return Float32Array.from((data as Float32Array).subarray(step * length, (step + 1) * length));
}

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
  it.each(chosen)('$network learns by $optimizer as in PyTorch', async (trajectory) => {
    const { network, file, noise } = trajectory;
    const executor = await start();
    const pool = name === 'onnxruntime-node' ? 'indices' : 'portable';
    const step = stepGraph(networkOf(network), BATCH, ruleOf(trajectory), pool);
    const program = await prepare(executor, step.graph, { carry: step.carry });
    await program.write(step.initial);
    const data = arraysOf(`${network}_data.npz`);
    const expected = arraysOf(file);
    const shape = [BATCH, ...data.x!.shape.slice(2)];
    const state = async () => program.read();
    for (let at = 0; at < 10; at++) {
      const x = { dtype: 'float32', shape, data: partOf(data.x!, at) } as const;
      const classes = BigInt64Array.from(partOf(data.t!, at), (each) => BigInt(each));
      const t = { dtype: 'int64', shape: [BATCH], data: classes } as const;
      const wanted = [step.loss, ...Object.values(step.gradients)];
      const results = await program.run({ x, t }, wanted);
      const loss = Number(results[step.loss]!.data[0]);
      expect(Math.abs(loss / Number(expected.losses!.data[at]) - 1)).toBeLessThan(1e-5);
      if (at === 0) {
        const gradients = Object.fromEntries(
          Object.entries(step.gradients).map(([weight, output]) => [weight, results[output]!]),
        );
        // In float32 against float64; some of these sums nearly cancel.
        expect(distance(gradients, expected, 'grad/')).toBeLessThan(1e-5);
        expect(distance(await state(), expected, 'step1/')).toBeLessThan(
          Math.max(20 * noise['1'], 1e-5),
        );
      }
    }
    expect(distance(await state(), expected, 'step10/')).toBeLessThan(
      Math.max(20 * noise['10'], 1e-4),
    );
    await program.dispose();
    expect(executor.sessions).toBe(0);
  });
});

it.skipIf(hasTrainingReferences)('the trajectories of references/training are not there', () => {
  expect(chosen).toEqual([]);
});
