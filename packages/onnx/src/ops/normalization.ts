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
const perChannel: Pick<Rule, 'infer'> = {
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
  parameters: { axis: 'int', epsilon: 'float', stash_type: 'int' },
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

/** Along one axis; all from that one on before version 13 of the operator set. */
const alongAxis: Rule = { parameters: { axis: 'int' }, infer: likeFirst };

/** Normalisations; all keep the shape. */
export const normalization: Rules = {
  BatchNormalization: {
    ...perChannel,
    parameters: { epsilon: 'float', momentum: 'float', spatial: 'int', training_mode: 'int' },
    role: 'norm',
    pointwise: true,
    float16: true,
    tame: true,
  },
  InstanceNormalization: { ...perChannel, parameters: { epsilon: 'float' }, role: 'norm' },
  LayerNormalization: { ...layer, since: 17, role: 'norm' },
  RMSNormalization: { ...layer, since: 23 },
  GroupNormalization: {
    since: 18,
    parameters: { epsilon: 'float', num_groups: 'int', stash_type: 'int' },
    role: 'norm',
    infer: likeFirst,
  },
  LRN: {
    parameters: { alpha: 'float', beta: 'float', bias: 'float', size: 'int' },
    role: 'norm',
    pointwise: true,
    infer: likeFirst,
  },
  LpNormalization: { parameters: { axis: 'int', p: 'int' }, infer: likeFirst },
  MeanVarianceNormalization: { since: 9, parameters: { axes: 'ints' }, infer: likeFirst },
  Softmax: { ...alongAxis, role: 'softmax' },
  LogSoftmax: { ...alongAxis, role: 'softmax' },
  Hardmax: alongAxis,
};
