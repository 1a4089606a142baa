import * as ort from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import { buildAlexNet, buildResNet, buildVgg } from '@convlens/adapters/builders';
import { describeNetwork } from '@convlens/adapters';
import {
  float32,
  inferShapes,
  write,
  type Attribute,
  type Graph,
  type Node,
  type TensorData,
} from '@convlens/onnx';
import { fieldWindow, receptiveFields, seenWindow, type AxisField } from '../src/index.js';

const width = ({ low, high }: AxisField): number => high - low + 1;

describe('published receptive fields', () => {
  it.each([
    // Araujo, Norris, Sim 2019, table of common networks; VGG-16 by Simonyan and Zisserman's own arithmetic.
    ['AlexNet conv5', buildAlexNet({ weights: 'zeros' }), 'relu5', 163, 16],
    ['AlexNet pool5', buildAlexNet({ weights: 'zeros' }), 'pool5', 195, 32],
    ['VGG-16 conv5_3', buildVgg({ depth: 16, weights: 'zeros' }), 'relu5_3', 196, 16],
    ['VGG-16 pool5', buildVgg({ depth: 16, weights: 'zeros' }), 'pool5', 212, 32],
    [
      'ResNet-18 last block',
      buildResNet({ depth: 18, weights: 'zeros' }),
      'layer4.1.relu',
      435,
      32,
    ],
    [
      'ResNet-50 last block',
      buildResNet({ depth: 50, weights: 'zeros' }),
      'layer4.2.relu',
      427,
      32,
    ],
  ] as const)('%s', (_, graph, id, size, stride) => {
    const network = describeNetwork(graph);
    const { value } = network.layers.find((layer) => layer.id === id)!;
    const field = receptiveFields(network.graph, network.input.name).get(value)!;
    expect([width(field.rows), width(field.columns)]).toEqual([size, size]);
    expect([field.rows.stride, field.columns.stride]).toEqual([stride, stride]);
  });

  it('a dense layer sees the whole image', () => {
    const network = describeNetwork(buildAlexNet({ weights: 'zeros' }));
    const { value } = network.layers.find((layer) => layer.id === 'fc6')!;
    expect(receptiveFields(network.graph, network.input.name).has(value)).toBe(false);
  });
});

const ints = (...value: number[]): Attribute => ({ type: 'ints', value });
const node = (
  op: string,
  inputs: string[],
  output: string,
  attributes: Node['attributes'] = {},
): Node => ({
  name: output,
  op,
  domain: '',
  inputs,
  outputs: [output],
  attributes,
});

const HEIGHT = 17;
const WIDTH = 14;

/** Positive weights everywhere: every pixel inside the field must matter, every one outside must not. */
function graphOf(nodes: Node[]): Graph {
  const ones = (...shape: number[]): ReturnType<typeof float32> =>
    float32(new Float32Array(shape.reduce((a, b) => a * b)).fill(0.5), shape);
  return inferShapes({
    name: 'field',
    opset: 13,
    otherOpsets: {},
    inputs: [{ name: 'x', dtype: 'float32', shape: [1, 1, HEIGHT, WIDTH] }],
    outputs: [{ name: 'y', dtype: 'float32', shape: undefined }],
    nodes,
    initializers: new Map<string, TensorData>([
      ['w3', ones(1, 1, 3, 3)],
      ['w2', ones(1, 1, 2, 3)],
      ['w1', ones(1, 1, 1, 1)],
      [
        'pads',
        { dtype: 'int64', shape: [8], data: BigInt64Array.of(0n, 0n, 1n, 2n, 0n, 0n, 0n, 1n) },
      ],
    ]),
    values: new Map(),
    metadata: new Map(),
    producer: 'test',
  });
}

describe('against the pixels that really matter', () => {
  it.each([
    [
      'stride and asymmetric pads',
      [node('Conv', ['x', 'w3'], 'y', { strides: ints(2, 1), pads: ints(1, 0, 0, 2) })],
    ],
    [
      'dilation',
      [node('Conv', ['x', 'w3'], 'y', { dilations: ints(2, 3), pads: ints(2, 3, 2, 3) })],
    ],
    [
      'SAME_UPPER with stride',
      [
        node('Conv', ['x', 'w2'], 'y', {
          strides: ints(2, 2),
          auto_pad: { type: 'string', value: 'SAME_UPPER' },
        }),
      ],
    ],
    [
      'SAME_LOWER with stride',
      [
        node('Conv', ['x', 'w2'], 'y', {
          strides: ints(3, 2),
          auto_pad: { type: 'string', value: 'SAME_LOWER' },
        }),
      ],
    ],
    [
      'pooling, ReLU, Pad and two convolutions',
      [
        node('Pad', ['x', 'pads'], 'p'),
        node('Conv', ['p', 'w3'], 'a', { pads: ints(1, 1, 1, 1) }),
        node('Relu', ['a'], 'b'),
        node('AveragePool', ['b'], 'c', {
          kernel_shape: ints(3, 2),
          strides: ints(2, 2),
          pads: ints(1, 0, 1, 0),
        }),
        node('Conv', ['c', 'w2'], 'y'),
      ],
    ],
    [
      'two branches that join',
      [
        node('Conv', ['x', 'w3'], 'a', { strides: ints(2, 2), pads: ints(1, 1, 1, 1) }),
        node('Conv', ['x', 'w1'], 'b', { strides: ints(2, 2) }),
        node('Add', ['a', 'b'], 'y'),
      ],
    ],
  ] as const)('%s', async (_, nodes) => {
    const graph = graphOf([...nodes]);
    const field = receptiveFields(graph, 'x').get('y')!;
    const session = await ort.InferenceSession.create(write(graph), { logSeverityLevel: 3 });
    const run = async (image: Float32Array): Promise<ort.Tensor> =>
      (await session.run({ x: new ort.Tensor('float32', image, [1, 1, HEIGHT, WIDTH]) })).y!;
    const base = new Float32Array(HEIGHT * WIDTH).fill(1);
    const before = await run(base);
    const [, , rows = 0, columns = 0] = before.dims;
    for (let pixel = 0; pixel < base.length; pixel++) {
      const image = base.slice();
      image[pixel] = 2;
      const after = await run(image);
      const pixelRow = Math.floor(pixel / WIDTH);
      const pixelColumn = pixel % WIDTH;
      for (let at = 0; at < rows * columns; at++) {
        const row = Math.floor(at / columns);
        const column = at % columns;
        const inside =
          pixelRow >= row * field.rows.stride + field.rows.low &&
          pixelRow <= row * field.rows.stride + field.rows.high &&
          pixelColumn >= column * field.columns.stride + field.columns.low &&
          pixelColumn <= column * field.columns.stride + field.columns.high;
        const moved = after.data[at] !== before.data[at];
        // A dilated kernel skips pixels inside its window; outside it none may matter.
        if (moved) expect(inside).toBe(true);
        else if (!('dilations' in (nodes[0]?.attributes ?? {}))) expect(inside).toBe(false);
      }
    }
  });
});

describe('windows of units in the image', () => {
  const axis: AxisField = { stride: 4, low: -3, high: 5 };
  const field = { rows: axis, columns: axis };

  it('inside the image both are the receptive field', () => {
    const window = { left: 5, top: 9, width: 9, height: 9 };
    expect(seenWindow(field, [3, 2], [20, 20])).toEqual(window);
    expect(fieldWindow(field, [3, 2], [20, 20])).toEqual(window);
  });

  it('at the border one is cut to the image, the other reaches into the padding', () => {
    expect(seenWindow(field, [0, 4], [20, 20])).toEqual({ left: 13, top: 0, width: 7, height: 6 });
    expect(fieldWindow(field, [0, 4], [20, 20])).toEqual({
      left: 13,
      top: -3,
      width: 9,
      height: 9,
    });
  });

  it('a field that is no smaller than the image is the image, and so is none', () => {
    const whole = { left: 0, top: 0, width: 12, height: 8 };
    expect(fieldWindow(field, [0, 0], [8, 12]).height).toBe(8);
    expect(fieldWindow(undefined, [1, 1], [8, 12])).toEqual(whole);
    expect(seenWindow(undefined, [1, 1], [8, 12])).toEqual(whole);
  });

  it('a unit that sees nothing but padding still has a pixel', () => {
    const { width, height } = seenWindow(field, [9, 9], [20, 20]);
    expect([width, height]).toEqual([1, 1]);
  });
});
