import { differentiate, objective, type Objective, type PoolLowering } from '@convlens/autodiff';
import type { Network } from '@convlens/adapters';
import {
  cut,
  elementCount,
  float32,
  inferShapes,
  type Graph,
  type TensorData,
} from '@convlens/onnx';
import { normalNoise } from '../attribution/noise.js';
import type { Executor } from '@convlens/runtime';
import { classGoal, presets, visualizeRecipe } from '../recipe/presets.js';
import { startRun } from '../recipe/run.js';
import { Goals } from '../optimisation/goal-program.js';
import { standIn } from './stand-in.js';

/**
 * What a backend is measured at: the scores of an image; a value with its gradient for the pixels; one step of an
 * optimised picture as the dream studio makes it, views and optimiser included; such a step without the network.
 */
export type Work = 'forward' | 'gradient' | 'dream' | 'besides';

/** All kinds of work. */
export const works: readonly Work[] = ['forward', 'gradient', 'dream', 'besides'];

/** What a run answers, to be compared with another backend's answer. */
export interface WorkAnswer {
  /** Scores of a forward pass, objectives of the others. */
  readonly value: Float32Array;
  /** float32 `[n, C, H, W]` of `gradient`. */
  readonly gradient?: Float32Array;
}

/** Work that is ready to be done again and again. */
export interface Workload {
  /**
   * Multiply-adds of one run, counted as a direct convolution does them: twice the forward pass's for a gradient.
   * A backend that needs fewer (Winograd's filtering) gets a higher rate. 0 where nothing is multiplied that counts.
   */
  readonly multiplyAdds: number;
  /** Whether several runs at once cost less than as many single ones: what they compute stays on the device in between. */
  readonly resident?: boolean;
  /**
   * Does it.
   *
   * @param times how often; once by default. Only what is resident is asked for more
   * @returns the answer of the first time
   */
  run(times?: number): Promise<WorkAnswer>;
  dispose(): Promise<void>;
}

const SEED = 7;

/** The scores, or the last layer where there are none. */
const lastValue = ({ logits, layers }: Network): string => logits?.value ?? layers.at(-1)!.value;

/** The network up to its scores for a batch of images. */
function forwardGraph(network: Network, batch: number): Graph {
  const { name, shape } = network.input;
  return inferShapes(cut(network.graph, [lastValue(network)]), {
    inputs: { [name]: [batch, ...shape] },
  });
}

function images(network: Network, batch: number): TensorData<'float32'> {
  const shape = [batch, ...network.input.shape];
  const [noise] = normalNoise(SEED, 1, elementCount(shape), 1);
  return float32(noise!, shape);
}

/** Images that one run of a network takes at most: 1 where its file fixes the batch. */
export function fixedBatch(network: Network): boolean {
  const open = network.graph.inputs.find(({ name }) => name === network.input.name);
  return typeof open?.shape?.[0] === 'number';
}

async function plain(network: Network, executor: Executor, batch: number): Promise<Workload> {
  const value = lastValue(network);
  const program = await executor.prepare(forwardGraph(network, batch));
  const feeds = { [network.input.name]: images(network, batch) };
  return {
    multiplyAdds: network.macs * batch,
    async run() {
      return { value: (await program.run(feeds))[value]!.data as Float32Array };
    },
    dispose: () => program.dispose(),
  };
}

async function gradient(
  network: Network,
  executor: Executor,
  batch: number,
  pool: PoolLowering,
): Promise<Workload> {
  const { name } = network.input;
  const aim = objective(forwardGraph(network, batch), [
    { kind: 'layer', layer: lastValue(network) },
  ]);
  const made = differentiate(aim.graph, { of: aim.value, wrt: [name], pool });
  const program = await executor.prepare(made.graph);
  const feeds = { [name]: images(network, batch) };
  return {
    multiplyAdds: 2 * network.macs * batch,
    async run() {
      const found = await program.run(feeds);
      return {
        value: found[aim.value]!.data as Float32Array,
        gradient: found[made.gradients[name]!]!.data as Float32Array,
      };
    },
    dispose: () => program.dispose(),
  };
}

function dream(
  network: Network,
  executor: Executor,
  batch: number,
  pool: PoolLowering,
  multiplyAdds: number,
): Workload {
  const { logits, lastConv } = network;
  const goal = (index: number): Objective =>
    logits
      ? classGoal(index % logits.classes)
      : [{ kind: 'channel', layer: lastConv, channel: index }];
  const wanted = Array.from({ length: batch }, (_, i) => goal(i));
  const [preset] = presets(network);
  const goals = new Goals(network, executor, pool);
  const run = startRun(goals, visualizeRecipe('bench', wanted, preset!, SEED), {});
  return {
    multiplyAdds,
    get resident() {
      return run.resident;
    },
    async run(times = 1) {
      const [report] = await run.steps(times);
      // Fewer where the GPU could not go on.
      for (let done = 1; done < times && !run.resident; done++) await run.step();
      return { value: Float32Array.from(report!.values) };
    },
    async dispose() {
      await run.dispose();
      await goals.dispose();
    },
  };
}

/**
 * Makes work ready on a backend.
 *
 * @param network the network
 * @param executor what runs it
 * @param work what to do
 * @param batch images at once
 * @param pool how max-pooling is differentiated
 * @throws LensError what differentiating and preparing throw
 */
export function prepareWork(
  network: Network,
  executor: Executor,
  work: Work,
  batch: number,
  pool: PoolLowering,
): Promise<Workload> {
  switch (work) {
    case 'forward':
      return plain(network, executor, batch);
    case 'gradient':
      return gradient(network, executor, batch, pool);
    case 'dream':
      return Promise.resolve(dream(network, executor, batch, pool, 2 * network.macs * batch));
    case 'besides':
      return Promise.resolve(dream(network, standIn(executor), batch, pool, 0));
  }
}
