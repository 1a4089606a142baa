import { elementCount, float32, GraphBuilder, type Graph, type TensorData } from '@convlens/onnx';
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
  const b = new GraphBuilder({ name: 'convolution', opset: 13 });
  const weights = b.weight('w', float32(noise(elementCount(w), 1), w));
  const window = { kernel_shape: kernel, strides, dilations, pads: [...before, ...after] };
  b.output(b.emit('Conv', [b.input('x', x), weights], window, 'y'));
  const graph = b.finish();
  return { graph, feeds: { x: float32(noise(elementCount(x), 2), x) } };
}
