import { multiplyDims } from '../dims.js';
import type { Dim } from '../graph.js';
import { WINDOW } from './facts.js';
import { fail, input, int, shapeOf, show, type Call, type Rules } from './rule.js';
import { slide, slideBack } from './window.js';

/** The spatial extents of the weights, which must be known. */
function kernelOf(call: Call, weights: readonly Dim[]): number[] {
  return weights.slice(2).map((extent) => {
    if (typeof extent === 'number') return extent;
    return fail(
      call,
      `the size of the kernel must be known, but the weights are ${show(weights)}.`,
    );
  });
}

function checkRanks(call: Call, x: readonly Dim[], w: readonly Dim[]): void {
  if (x.length === w.length) return;
  fail(
    call,
    `the input ${show(x)} has ${x.length} axes, the weights ${show(w)} have ${w.length}; they must have as many.`,
  );
}

function checkBias(call: Call, channels: Dim): void {
  const bias = call.inputs[2]?.shape;
  if (!bias || typeof channels !== 'number') return;
  if (bias.length === 1 && (bias[0] === channels || typeof bias[0] === 'string')) return;
  fail(
    call,
    `the bias must have shape [${channels}], one number an output channel, but has ${show(bias)}.`,
  );
}

/** Convolution and transposed convolution. */
export const convolution: Rules = {
  Conv: {
    parameters: { ...WINDOW, group: 'int' },
    role: 'conv',
    slides: true,
    float16: true,
    tame: true,
    infer(call) {
      const x = shapeOf(call, 0, 3);
      const w = shapeOf(call, 1, 3);
      checkRanks(call, x, w);
      const group = int(call, 'group', 1);
      const channels = x[1]!;
      const expected = multiplyDims([w[1]!, group]);
      if (typeof channels === 'number' && typeof expected === 'number' && channels !== expected) {
        fail(
          call,
          `the input has ${channels} channels, the weights ${show(w)} with ${group} group${group === 1 ? '' : 's'} expect ${expected}.`,
        );
      }
      const out = w[0]!;
      if (typeof out === 'number' && out % group !== 0) {
        fail(call, `${out} output channels do not divide into ${group} groups.`);
      }
      checkBias(call, out);
      const shape = [x[0]!, out, ...slide(call, x.slice(2), kernelOf(call, w))];
      return [{ dtype: input(call, 0).dtype, shape }];
    },
  },
  ConvTranspose: {
    parameters: { ...WINDOW, group: 'int', output_padding: 'ints', output_shape: 'ints' },
    role: 'conv',
    tame: true,
    infer(call) {
      const x = shapeOf(call, 0, 3);
      const w = shapeOf(call, 1, 3);
      checkRanks(call, x, w);
      const channels = x[1]!;
      const expected = w[0]!;
      if (typeof channels === 'number' && typeof expected === 'number' && channels !== expected) {
        fail(
          call,
          `the input has ${channels} channels, the weights ${show(w)} expect ${expected}.`,
        );
      }
      const out = multiplyDims([w[1]!, int(call, 'group', 1)]);
      checkBias(call, out);
      const shape = [x[0]!, out, ...slideBack(call, x.slice(2), kernelOf(call, w))];
      return [{ dtype: input(call, 0).dtype, shape }];
    },
  },
};
