import type { GraphBuilder } from '@convlens/onnx';

/** What a network is told to make small. */
export type LossId = 'cross_entropy' | 'label_smoothing' | 'sigmoid_bce' | 'mse';

/** A loss, as it was chosen. */
export interface LossSettings {
  readonly kind: LossId;
  /** Share of a target that is spread over all classes; `label_smoothing` only. Default 0.1. */
  readonly smoothing?: number;
}

/** A row of the table of losses. */
export interface Loss {
  /** For people. */
  readonly title: string;
  /** What it is, in one sentence. */
  readonly about: string;
  /**
   * Writes it, as a mean over the batch.
   *
   * @param b where to emit
   * @param scores float32 `[batch, classes]`, before any softmax
   * @param targets float32 `[batch, classes]`: the share of each class, 1 for the right one
   * @param settings as it was chosen
   * @returns a scalar
   */
  write(b: GraphBuilder, scores: string, targets: string, settings: LossSettings): string;
}

/** -sum_k t_k log softmax_k, mean over the batch. */
function crossEntropy(b: GraphBuilder, scores: string, targets: string): string {
  const [batch] = b.shape(scores);
  const logarithms = b.emit('LogSoftmax', [scores], { axis: 1 });
  const sum = b.emit('ReduceSum', [b.emit('Mul', [targets, logarithms])], { keepdims: 0 });
  return b.emit('Mul', [sum, -1 / batch!]);
}

/** All losses, by id. */
export const LOSSES: Readonly<Record<LossId, Loss>> = {
  cross_entropy: {
    title: 'Cross-entropy',
    about: 'How surprised the softmax is by the right class.',
    write: crossEntropy,
  },
  label_smoothing: {
    title: 'Cross-entropy with label smoothing',
    about: 'The same, with a share of every target spread over all classes (Szegedy et al. 2016).',
    write(b, scores, targets, { smoothing = 0.1 }) {
      const classes = b.shape(scores)[1]!;
      const kept = b.emit('Mul', [targets, 1 - smoothing]);
      return crossEntropy(b, scores, b.emit('Add', [kept, smoothing / classes]));
    },
  },
  sigmoid_bce: {
    title: 'Sigmoid cross-entropy',
    about: 'Each class is a question of its own, yes or no; mean over batch and classes.',
    // -t log s(z) - (1 - t) log(1 - s(z)) = softplus(z) - t z
    write(b, scores, targets) {
      const each = b.emit('Sub', [b.emit('Softplus', [scores]), b.emit('Mul', [targets, scores])]);
      return b.emit('ReduceMean', [each], { keepdims: 0 });
    },
  },
  mse: {
    title: 'Squared error',
    about: 'The squared distance of the scores from the targets, mean over batch and classes.',
    write(b, scores, targets) {
      const difference = b.emit('Sub', [scores, targets]);
      return b.emit('ReduceMean', [b.emit('Mul', [difference, difference])], { keepdims: 0 });
    },
  },
};
