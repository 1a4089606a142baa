import {
  differentiate,
  trainingMode,
  type DropoutMask,
  type PoolLowering,
  type TrainingOptions,
} from '@convlens/autodiff';
import { float32, GraphBuilder, LensError, type Graph, type TensorData } from '@convlens/onnx';
import { weightsOf } from '@convlens/runtime';
import { LOSSES, type LossSettings } from './losses.js';
import { numbersOf, OPTIMIZERS, type Numbers, type OptimizerSettings } from './optimizers.js';
import { scoresOf } from './scores.js';
import { limitNorms } from './max-norm.js';

/** How a network learns. */
export interface StepOptions extends Pick<TrainingOptions, 'momentum' | 'variance' | 'dropout'> {
  /** Images in a step. */
  readonly batch: number;
  readonly loss: LossSettings;
  readonly optimizer: OptimizerSettings;
  /** Names of the weights that learn; all by default. */
  readonly train?: readonly string[];
  /** The length that the weights of one unit may have (Srivastava et al. 2014); none by default. */
  readonly maxNorm?: number;
  /** How max-pooling is differentiated: by indices where the runtime gives them. Default `portable`. */
  readonly pool?: PoolLowering;
  /** Also give the gradients of the weights, as outputs. Default false. */
  readonly gradients?: boolean;
}

/** One step of training as a graph: a batch goes in, the loss comes out, and what has been learnt is carried on. */
export interface TrainingStep {
  readonly graph: Graph;
  /** What a run hands to the next one: by input or weight, the output that it becomes. */
  readonly carry: Readonly<Record<string, string>>;
  /** What is carried, before the first step. */
  readonly initial: Readonly<Record<string, TensorData>>;
  /** Input of the images, and input of their targets `[batch, classes]`. */
  readonly images: string;
  readonly targets: string;
  /** Images in a step. */
  readonly batch: number;
  readonly classes: number;
  /** Masks that each step is fed. */
  readonly masks: readonly DropoutMask[];
  /** Inputs of shape `[1]`, by what they are to the optimiser. */
  readonly scalars: Readonly<Record<string, string>>;
  /** Outputs: the loss, a scalar; the scores `[batch, classes]` before the step. */
  readonly loss: string;
  readonly scores: string;
  /** Outputs by weight; empty where they were not asked for. */
  readonly gradients: Readonly<Record<string, string>>;
  /** Names of the weights that learn, and of the running averages. */
  readonly weights: readonly string[];
  readonly averages: readonly string[];
  readonly optimizer: Numbers;
}

/** Weights that can learn: those of the list, or all; which must be there. */
function learning(
  network: Graph,
  averages: ReadonlySet<string>,
  train?: readonly string[],
): string[] {
  const all = weightsOf(network).filter((name) => !averages.has(name));
  if (!train) return all;
  const unknown = train.find((name) => !all.includes(name));
  if (unknown === undefined) return [...train];
  throw new LensError(
    'E_VALUE_UNKNOWN',
    `train: the network has no weight "${unknown}" that can learn. It has ${all.join(', ')}.`,
  );
}

/**
 * Writes a step of training: forward, loss, gradients, optimiser and running averages, in one graph.
 *
 * @param network as it was exported: batch normalisation not folded
 * @param options how it learns
 * @throws LensError `E_SHAPE`, `E_OP_UNSUPPORTED` as `trainingMode` and `differentiate`; `E_VALUE_UNKNOWN` for a weight that it
 * does not have; `E_ARGUMENT` where nothing can learn
 */
export function trainingStep(network: Graph, options: StepOptions): TrainingStep {
  const { batch, loss, train, maxNorm, pool = 'portable', momentum, variance, dropout } = options;
  const optimizer = numbersOf(options.optimizer);
  const training = trainingMode(network, {
    batch,
    ...(momentum !== undefined && { momentum }),
    ...(variance && { variance }),
    ...(dropout !== undefined && { dropout }),
  });
  const averages = Object.keys(training.running);
  const weights = learning(network, new Set(averages), train);
  if (weights.length === 0) {
    throw new LensError('E_ARGUMENT', 'The network has no weights that can learn.');
  }
  const scores = scoresOf(training.graph);
  const forward = new GraphBuilder(training.graph, { scope: 'loss' });
  const [, classes = 1] = forward.shape(scores);
  const targets = forward.input(forward.free('targets'), [batch, classes]);
  const written = LOSSES[loss.kind].write(forward, flat(forward, scores), targets, loss);
  const of = forward.output(written, forward.free('loss_value'));
  const { graph, gradients } = differentiate(forward.finish([scores, of]), {
    ...{ of, wrt: weights, weights: 'inputs', pool },
    outputs: [scores, ...Object.values(training.running)],
  });
  const b = new GraphBuilder(graph, { scope: 'update' });
  const carry: Record<string, string> = { ...training.running };
  const initial: Record<string, TensorData> = Object.fromEntries(training.averages);
  const scalars: Record<string, string> = {};
  const row = OPTIMIZERS[optimizer.kind];
  for (const weight of weights) {
    const tensor = network.initializers.get(weight)!;
    initial[weight] = tensor;
    const decays = optimizer.weightDecay > 0 && optimizer.kind !== 'adamw';
    const gradient = gradients[weight]!;
    const next = row.write({
      ...{ b, settings: optimizer, weight },
      gradient: decays
        ? b.emit('Add', [gradient, b.emit('Mul', [weight, optimizer.weightDecay])])
        : gradient,
      state(name, become, fill = 0) {
        const old = b.input(b.free(`${name}/${weight}`), tensor.shape);
        initial[old] = float32(new Float32Array(tensor.data.length).fill(fill), tensor.shape);
        return (carry[old] = become(old));
      },
      scalar: (name) => (scalars[name] ??= b.input(b.free(`step/${name}`), [1])),
    });
    carry[weight] = maxNorm === undefined ? next : limitNorms(b, network, weight, next, maxNorm);
  }
  for (const name of Object.values(carry)) b.output(name);
  if (options.gradients) for (const name of Object.values(gradients)) b.output(name);
  return {
    ...{ graph: b.finish(), carry, initial, targets, batch, classes, scalars, scores, loss: of },
    ...{ masks: training.masks, weights, averages, optimizer },
    images: imagesOf(network),
    gradients: options.gradients ? gradients : {},
  };
}

/** Scores as `[batch, classes]`, also where a network leaves them as a map of one pixel. */
function flat(b: GraphBuilder, scores: string): string {
  const [batch = 1, classes = 1, ...positions] = b.shape(scores);
  if (positions.length === 0) return scores;
  if (positions.every((extent) => extent === 1)) {
    return b.emit('Reshape', [scores, b.integers([batch, classes])]);
  }
  throw new LensError(
    'E_SHAPE',
    `Expected scores [batch, classes], got [${b.shape(scores).join(', ')}]. Only classifiers can learn here.`,
  );
}

function imagesOf({ inputs, initializers }: Graph): string {
  const open = inputs.filter(({ name }) => !initializers.has(name));
  if (open.length === 1) return open[0]!.name;
  throw new LensError(
    'E_ARGUMENT',
    `Expected a network with one input, got ${open.length}: ${open.map(({ name }) => name).join(', ')}.`,
  );
}
