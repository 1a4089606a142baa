// Steps of training whose state stays with the runtime, against the trajectories that PyTorch took.
import { randomWords } from '@convlens/adapters/builders';
import type { PoolLowering } from '@convlens/autodiff';
import { float32, type TensorData } from '@convlens/onnx';
import { UNCHANGED } from '@convlens/optimizer';
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
  type Trajectory,
} from './support/training-references.js';

const BATCH = 32;

/** Convolutions as they stand: Winograd's filtering costs digits, and whether a ReLU falls this way or that hangs on them. */
const runtimes: Record<string, () => Promise<CountingExecutor>> = {
  'onnxruntime-node': () => Promise.resolve(createNodeExecutor({ policy: UNCHANGED })),
  'ONNX Runtime on WASM': () => createNodeWasmExecutor({ policy: UNCHANGED }),
  'TensorFlow.js on WASM': () => createNodeTfjsExecutor({ direct: true }),
};

/** Least that is allowed after so many steps, relative L2; else 20 times what a float32 run of PyTorch's differs by. */
const LEAST = { 1: 1e-5, 10: 1e-4, 50: 5e-3 } as const;
/** Starts beside the given one that are tried where a kink is met: 1e-7 off, which float32 hardly tells apart. */
const BESIDES = 8;

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

/**
 * Follows a trajectory.
 *
 * @param beside 0 for its own start; else the weights are off by 1e-7 of themselves, each time otherwise
 * @returns what is further off than it may be, in words
 */
async function misses(
  executor: CountingExecutor,
  trajectory: Trajectory,
  pool: PoolLowering,
  beside: number,
): Promise<readonly string[]> {
  const { network, file, noise } = trajectory;
  const trainer = await Trainer.start(executor, networkOf(network), {
    ...{ batch: BATCH, loss: lossOf(trajectory), optimizer: optimizerOf(trajectory), pool },
  });
  if (beside > 0) {
    const { step, values } = await trainer.checkpoint();
    const moved = trainer.graph.weights.map((name) => {
      const { shape, data } = values[name] as TensorData<'float32'>;
      const random = randomWords(beside, name);
      return [
        name,
        float32(
          data.map((v) => v * (1 + (1e-7 * random()) / 2 ** 31)),
          shape,
        ),
      ];
    });
    await trainer.restore({ step, values: Object.fromEntries(moved) as typeof values });
  }
  const data = arraysOf(`${network}_data.npz`);
  const expected = arraysOf(file);
  const shape = [BATCH, ...data.x!.shape.slice(2)];
  const found: string[] = [];
  const check = (what: string, error: number, allowed: number): void => {
    if (!(error < allowed)) found.push(`${what}: ${error} of ${allowed}`);
  };
  for (let at = 0; at < 50 && found.length === 0; at++) {
    const images = float32(partOf(data.x!, at), shape);
    const targets = oneHot(partOf(data.t!, at), trainer.graph.classes);
    const { step, loss } = await trainer.step(images, targets);
    const reference = Number(expected.losses!.data[at]);
    check(`loss of step ${step}`, Math.abs(loss / reference - 1), step <= 10 ? 1e-5 : LEAST[50]);
    if (step !== 1 && step !== 10 && step !== 50) continue;
    const error = distance(await trainer.weights(), expected, `step${step}/`);
    check(`weights after step ${step}`, error, Math.max(20 * noise[step], LEAST[step]));
  }
  await trainer.dispose();
  return found;
}

describe.skipIf(!hasTrainingReferences).each(Object.entries(runtimes))('on %s', (name, start) => {
  it.each(chosen)('$network learns by $optimizer from $loss as in PyTorch', async (trajectory) => {
    const executor = await start();
    const pool = name === 'onnxruntime-node' ? 'indices' : 'portable';
    let found = await misses(executor, trajectory, pool, 0);
    // A value within rounding of a kink falls this way or that: then a start beside it falls as the reference did.
    for (let beside = 1; found.length > 0 && beside <= BESIDES; beside++) {
      console.log(`${trajectory.file}: ${found.join('; ')}; start ${beside} beside it is tried`);
      found = await misses(executor, trajectory, pool, beside);
    }
    expect(found).toEqual([]);
    expect(executor.sessions).toBe(0);
  });
});

it.skipIf(hasTrainingReferences)('the trajectories of references/training are not there', () => {
  expect(chosen).toEqual([]);
});
