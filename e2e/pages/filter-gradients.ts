// Gradients of the filters of small convolutions, in each form that they can take, the same in a page and outside of it.
import { vjp } from '@convlens/autodiff';
import { elementCount, float32, GraphBuilder, type Graph, type TensorData } from '@convlens/onnx';
import { optimize, UNCHANGED, type FilterGradientForm } from '@convlens/optimizer';

/** A convolution whose filters learn. */
interface Case {
  readonly name: string;
  readonly x: readonly [batch: number, channels: number, height: number, width: number];
  readonly filters: readonly [outputs: number, inputs: number, height: number, width: number];
  readonly parameters?: Readonly<Record<string, number | string | readonly number[]>>;
}

/** As many images as become channels that a runtime computes wrongly by itself, and others. */
export const CASES: readonly Case[] = [
  { name: '3 x 3', x: [2, 3, 6, 7], filters: [4, 3, 3, 3] },
  {
    name: '3 x 3, padded, 6 images',
    x: [6, 4, 7, 7],
    filters: [8, 4, 3, 3],
    parameters: { pads: [1, 1, 1, 1] },
  },
  {
    name: '5 x 5, stride 2, padded on one side',
    x: [3, 3, 12, 11],
    filters: [4, 3, 5, 5],
    parameters: { strides: [2, 2], pads: [1, 2, 2, 0] },
  },
  {
    name: 'stride 3, a rest',
    x: [2, 4, 11, 10],
    filters: [4, 4, 2, 3],
    parameters: { strides: [3, 2] },
  },
  { name: 'dilated', x: [2, 3, 9, 9], filters: [4, 3, 3, 3], parameters: { dilations: [2, 1] } },
  { name: '1 x 1', x: [4, 8, 5, 5], filters: [6, 8, 1, 1] },
  { name: 'one channel, one image', x: [1, 1, 8, 8], filters: [4, 1, 3, 3] },
  {
    name: 'automatic padding',
    x: [2, 3, 8, 7],
    filters: [4, 3, 3, 3],
    parameters: { auto_pad: 'SAME_UPPER', strides: [2, 2] },
  },
  { name: '2 groups', x: [2, 4, 6, 6], filters: [6, 2, 3, 3], parameters: { group: 2 } },
  { name: 'depthwise', x: [3, 6, 6, 6], filters: [6, 1, 3, 3], parameters: { group: 6 } },
];

/** How it is computed: as derivatives write it, or as products of matrices. */
export const FORMS: readonly FilterGradientForm[] = ['direct', 'taps', 'images'];

/** A graph whose only output is the gradient, and what it is fed. */
export interface GradientGraph {
  readonly graph: Graph;
  readonly gradient: string;
  readonly feeds: Readonly<Record<string, TensorData>>;
}

function noise(seed: number, shape: readonly number[]): TensorData {
  const data = Float32Array.from({ length: elementCount(shape) }, (_, i) => {
    const mixed = Math.sin(12.9898 * (i + 1 + 1000 * seed)) * 43758.5453;
    return 2 * (mixed - Math.floor(mixed)) - 1;
  });
  return float32(data, shape);
}

/** The gradient of a case in a form. */
export function gradientOf(
  { x, filters, parameters }: Case,
  form: FilterGradientForm,
): GradientGraph {
  const b = new GraphBuilder();
  b.output(b.emit('Conv', [b.input('x', x), b.input('w', filters)], parameters), 'y');
  const { graph, gradients } = vjp(b.finish(), {
    cotangents: { y: { input: 'dy' } },
    wrt: ['w'],
  });
  const policy = { ...UNCHANGED, filterGradient: () => form };
  const made = optimize(graph, { policy });
  const own = new Set(made.inputs.map(({ name }) => name));
  const all = { x: noise(1, x), w: noise(2, filters), dy: noise(3, b.shape('y')) };
  return {
    graph: made,
    gradient: gradients.w!,
    feeds: Object.fromEntries(Object.entries(all).filter(([name]) => own.has(name))),
  };
}
