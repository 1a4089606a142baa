import { intsAttribute } from '../attributes.js';
import { addDims, multiplyDims } from '../dims.js';
import type { Dim } from '../graph.js';
import { WINDOW } from './facts.js';
import { fail, input, list, shapeOf, show, type Call, type Rule, type Rules } from './rule.js';
import { slide, windowOf } from './window.js';

function kernelOf(call: Call, axes: number): readonly number[] {
  const kernel = intsAttribute(call.node, 'kernel_shape', undefined);
  if (kernel?.length === axes) return kernel;
  return fail(
    call,
    `the attribute kernel_shape must have ${axes} numbers, but is ${kernel ? show(kernel) : 'missing'}.`,
    'E_ONNX_INVALID',
  );
}

const windowed: Pick<Rule, 'infer'> = {
  infer(call) {
    const [batch, channels, ...size] = shapeOf(call, 0, 3) as [Dim, Dim, ...Dim[]];
    const { autoPad, dilations } = windowOf(call, size.length);
    if (autoPad.startsWith('SAME') && dilations.some((n) => n !== 1)) {
      fail(
        call,
        `auto_pad ${autoPad} with dilations ${show(dilations)} is padded in another way by each runtime; give it pads.`,
        'E_OP_UNSUPPORTED',
      );
    }
    const shape = [batch, channels, ...slide(call, size, kernelOf(call, size.length))];
    // MaxPool's second output is where each maximum was.
    return [
      { dtype: input(call, 0).dtype, shape },
      { dtype: 'int64', shape },
    ];
  },
};

const whole: Pick<Rule, 'infer'> = {
  infer(call) {
    const shape = shapeOf(call, 0, 2).map((extent, axis) => (axis < 2 ? extent : 1));
    return [{ dtype: input(call, 0).dtype, shape }];
  },
};

const unpool: Pick<Rule, 'infer'> = {
  infer(call) {
    const { dtype } = input(call, 0);
    const [batch, channels, ...size] = shapeOf(call, 0, 3) as [Dim, Dim, ...Dim[]];
    const fixed = list(call, 'output_shape', 2);
    if (fixed) return [{ dtype, shape: fixed }];
    const kernel = kernelOf(call, size.length);
    const { strides, pads } = windowOf(call, size.length);
    const spatial = size.map((extent, i) => {
      const stride = strides[i]!;
      const padding = pads[i]! + pads[i + size.length]!;
      return addDims(multiplyDims([extent, stride]), kernel[i]! - stride - padding);
    });
    return [{ dtype, shape: [batch, channels, ...spatial] }];
  },
};

/** Pooling over windows and over the whole picture. */
export const pooling: Rules = {
  MaxPool: {
    ...windowed,
    slides: true,
    parameters: { ...WINDOW, ceil_mode: 'int', storage_order: 'int' },
    role: 'pool',
    float16: true,
    tame: true,
  },
  AveragePool: {
    ...windowed,
    slides: true,
    parameters: { ...WINDOW, ceil_mode: 'int', count_include_pad: 'int' },
    role: 'pool',
    float16: true,
    tame: true,
  },
  LpPool: { ...windowed, slides: true, parameters: { ...WINDOW, ceil_mode: 'int', p: 'int' } },
  GlobalMaxPool: { ...whole, role: 'pool', float16: true },
  GlobalAveragePool: { ...whole, role: 'pool', float16: true, tame: true },
  GlobalLpPool: { ...whole, parameters: { p: 'int' } },
  MaxUnpool: {
    ...unpool,
    since: 9,
    parameters: { kernel_shape: 'ints', pads: 'ints', strides: 'ints' },
  },
};
