import {
  axisOf,
  fail,
  input,
  int,
  likeFirst,
  shapeOf,
  show,
  type Rule,
  type Rules,
} from './rule.js';

/** Operators with one number a channel in the inputs after the first. */
const perChannel: Rule = {
  infer(call) {
    const { dtype } = input(call, 0);
    const shape = shapeOf(call, 0, 2);
    const channels = shape[1]!;
    for (const other of call.inputs.slice(1)) {
      const length = other?.shape[0];
      if (typeof channels !== 'number' || typeof length !== 'number') continue;
      if (other?.shape.length === 1 && length === channels) continue;
      fail(
        call,
        `the input ${show(shape)} has ${channels} channels, but a parameter has shape ${show(other?.shape ?? [])}; [${channels}] was expected.`,
      );
    }
    // Statistics, in training and in old files: one number a channel each.
    const statistic = { dtype: call.inputs[3]?.dtype ?? dtype, shape: [channels] };
    return [{ dtype, shape }, statistic, statistic, statistic, statistic];
  },
};

const layer: Rule = {
  infer(call) {
    const { dtype, shape } = input(call, 0);
    const from = axisOf(call, int(call, 'axis', -1), shape.length);
    const statistic = {
      dtype: 'float32' as const,
      shape: shape.map((extent, axis) => (axis < from ? extent : 1)),
    };
    return [{ dtype, shape }, statistic, statistic];
  },
};

const plain: Rule = { infer: likeFirst };

/** Normalisations; all keep the shape. */
export const normalization: Rules = {
  BatchNormalization: perChannel,
  InstanceNormalization: perChannel,
  LayerNormalization: layer,
  RMSNormalization: layer,
  GroupNormalization: plain,
  LRN: plain,
  LpNormalization: plain,
  MeanVarianceNormalization: plain,
  Softmax: plain,
  LogSoftmax: plain,
  Hardmax: plain,
};
