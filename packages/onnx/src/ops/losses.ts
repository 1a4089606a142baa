import { stringAttribute } from '../attributes.js';
import type { Dim } from '../graph.js';
import type { Facts } from './facts.js';
import { fail, input, shapeOf, show, type Call, type Rules, type Typed } from './rule.js';

/** Type and shape of a loss over `[batch, classes, ...positions]`, with a class for each position. */
function loss(call: Call): Typed {
  const { dtype } = input(call, 0);
  const scores = shapeOf(call, 0, 2);
  const target = shapeOf(call, 1);
  const positions = scores.filter((_, axis) => axis !== 1);
  const differs = (a: Dim, b: Dim | undefined): boolean =>
    typeof a === 'number' && typeof b === 'number' && a !== b;
  if (target.length !== positions.length || positions.some((d, axis) => differs(d, target[axis]))) {
    fail(
      call,
      `scores of shape ${show(scores)} need classes of shape ${show(positions)}, got ${show(target)}.`,
    );
  }
  const weights = call.inputs[2]?.shape;
  if (weights && (weights.length !== 1 || differs(scores[1]!, weights[0]))) {
    fail(
      call,
      `${scores[1]!} classes need weights of shape [${scores[1]!}], got ${show(weights)}.`,
    );
  }
  const reduction = stringAttribute(call.node, 'reduction', 'mean');
  if (reduction === 'none') return { dtype, shape: positions };
  if (reduction === 'mean' || reduction === 'sum') return { dtype, shape: [] };
  return fail(
    call,
    `its reduction is "${reduction}"; it must be none, mean or sum.`,
    'E_ONNX_INVALID',
  );
}

const facts: Facts = {
  since: 12,
  parameters: { ignore_index: 'int', reduction: ['none', 'mean', 'sum'] },
};

/** Losses over classes. */
export const losses: Rules = {
  NegativeLogLikelihoodLoss: { ...facts, infer: (call) => [loss(call)] },
  SoftmaxCrossEntropyLoss: {
    ...facts,
    infer: (call) => {
      const { dtype, shape } = input(call, 0);
      return [loss(call), { dtype, shape }];
    },
  },
};
