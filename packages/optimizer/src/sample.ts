import { elementCount, float32, type Graph, type TensorData } from '@convlens/onnx';
import type { ConvolutionShape } from './convolution.js';

/** A graph of one convolution, and what to feed it. */
export interface Sample {
  readonly graph: Graph;
  readonly feeds: Readonly<Record<string, TensorData>>;
}

/** Numbers from -1 to 1 without a pattern that a cache or a processor could know (a linear congruential generator). */
function noise(count: number, seed: number): Float32Array {
  let state = seed;
  return Float32Array.from({ length: count }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
    return state / 2 ** 31;
  });
}

/**
 * A convolution with given extents and seeded numbers.
 *
 * @param shape its extents
 */
export function sampleConvolution(shape: ConvolutionShape): Sample {
  const { batch, inputs, outputs, from, to, kernel, strides, dilations } = shape;
  const extra = from.map((extent, axis) => {
    const reached = (to[axis]! - 1) * strides[axis]! + dilations[axis]! * (kernel[axis]! - 1) + 1;
    return Math.max(0, reached - extent);
  });
  const before = extra.map((pad) => Math.floor(pad / 2));
  const after = extra.map((pad, axis) => pad - before[axis]!);
  const [x, w] = [
    [batch, inputs, ...from],
    [outputs, inputs, ...kernel],
  ];
  const ints = (value: readonly number[]) => ({ type: 'ints', value: [...value] }) as const;
  const graph: Graph = {
    ...{ name: 'convolution', opset: 13, otherOpsets: {}, metadata: new Map(), values: new Map() },
    producer: 'convlens',
    nodes: [
      {
        ...{ name: 'convolution', op: 'Conv', domain: '', inputs: ['x', 'w'], outputs: ['y'] },
        attributes: {
          pads: ints([...before, ...after]),
          strides: ints(strides),
          dilations: ints(dilations),
          kernel_shape: ints(kernel),
        },
      },
    ],
    initializers: new Map([['w', float32(noise(elementCount(w), 1), w)]]),
    inputs: [{ name: 'x', dtype: 'float32', shape: x }],
    outputs: [{ name: 'y', dtype: 'float32', shape: [batch, outputs, ...to] }],
  };
  return { graph, feeds: { x: float32(noise(elementCount(x), 2), x) } };
}
