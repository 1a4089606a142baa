import type { TensorData } from '@convlens/onnx';
import type { Executor } from '@convlens/runtime';
import { evaluate, type Evaluation } from './evaluate.js';
import type { ImageSet } from './image-set.js';
import type { NetworkRecipe } from './layers.js';
import { learn, type LearnReport } from './learn.js';
import { buildNetwork } from './network.js';
import type { StepOptions } from './step.js';
import { Trainer } from './trainer.js';

/** A network that may need several starts. */
export interface RestartOptions extends Omit<StepOptions, 'train'> {
  /** Its seed is the first start's; each further start has the next one. */
  readonly network: NetworkRecipe;
  readonly set: ImageSet;
  readonly epochs: number;
  /** Share of the set that must be told right. Default 0.99. */
  readonly wanted?: number;
  /** Starts at most. Default 20. */
  readonly most?: number;
  /** Told of every step. */
  readonly onStep?: (report: LearnReport, trainer: Trainer) => void | Promise<void>;
}

/** What came of a start. */
export interface Start {
  readonly seed: number;
  readonly evaluation: Evaluation;
  /** Whether as much as was wanted is told right. */
  readonly reached: boolean;
  readonly weights: Readonly<Record<string, TensorData>>;
}

/**
 * Trains a network from one seed after the other until it tells enough of the set apart: most starts of a very small network
 * die, by a unit that answers to nothing or by a tie.
 *
 * @param executor the runtime
 * @param options network, set, and how it learns
 * @returns every start, the last of which reached what was wanted unless there were no more
 * @throws LensError as `buildNetwork`, `learn` and the runtime do
 */
export async function* restarts(
  executor: Executor,
  options: RestartOptions,
): AsyncGenerator<Start> {
  const { network, set, epochs, wanted = 0.99, most = 20, onStep, ...step } = options;
  const first = network.seed ?? 0;
  for (let seed = first; seed < first + most; seed++) {
    const graph = buildNetwork({ ...network, seed });
    const trainer = await Trainer.start(executor, graph, { ...step, seed });
    try {
      for await (const report of learn(trainer, { set, epochs, seed })) {
        await onStep?.(report, trainer);
      }
      const evaluation = await evaluate(executor, await trainer.network(), set);
      const reached = evaluation.right > wanted * evaluation.count;
      yield { seed, evaluation, reached, weights: await trainer.weights() };
      if (reached) return;
    } finally {
      await trainer.dispose();
    }
  }
}
