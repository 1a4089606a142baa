import { LensError, type Graph } from '@convlens/onnx';
import { describe, expect, it } from 'vitest';
import { buildResNet, buildVgg } from '../src/builders/index.js';
import { describeNetwork, type Knowledge } from '../src/index.js';
import { gatedNetwork, googLeNet, squeezeNet } from './support/branching.js';
import { Draft } from './support/draft.js';
import { noise, run } from './support/run.js';
import { scramble } from './support/scramble.js';

const narrow = { width: 0.0625, classes: 10 } as const;

/** A convolution, global pooling and a dense layer behind `first`. */
function small(first: (draft: Draft) => string, dims: readonly (number | string)[]): Graph {
  const draft = new Draft();
  const channels = typeof dims[1] === 'number' ? dims[1] : 3;
  let x = draft.op('Relu', [draft.conv(first(draft), [4, channels, 3])]);
  x = draft.op('Flatten', [draft.op('GlobalAveragePool', [x])], { axis: 1 });
  x = draft.op('MatMul', [x, draft.weights([4, 5])]);
  return draft.graph(['image', dims], x);
}

describe('networks of no family', () => {
  it('GoogLeNet: inception blocks under their names', () => {
    const network = describeNetwork(googLeNet());
    expect(network).toMatchObject({ family: 'generic', title: 'GoogLeNet' });
    expect(network).toMatchObject({ firstConv: 'conv1', lastConv: 'inception_5b' });
    const main = network.layers.filter((layer) => layer.main).map(({ id }) => id);
    expect(main.join(' ')).toBe(
      'conv1 relu1 pool1 relu2_reduce relu2 pool2 inception_3a inception_3b pool3 inception_4a ' +
        'inception_4b inception_4c inception_4d inception_4e pool4 inception_5a inception_5b ' +
        'avgpool fc',
    );
    const inner = network.layers.filter(
      ({ block, kind }) => block === 'inception_4c' && kind === 'conv',
    );
    expect(inner.map(({ id }) => id.replace('inception_4c.', '')).join(' ')).toBe(
      '1x1 3x3_reduce 3x3 5x5_reduce 5x5 pool_proj',
    );
  });

  it('SqueezeNet: fire modules, and the last convolution as classifier', () => {
    const network = describeNetwork(squeezeNet());
    expect(network.title).toBe('SqueezeNet 1.0');
    expect(network).toMatchObject({ lastConv: 'fire9', classifier: ['conv10'] });
    const main = network.layers.filter((layer) => layer.main).map(({ id }) => id);
    expect(main.join(' ')).toBe(
      'conv1 relu1 pool1 fire2 fire3 fire4 pool4 fire5 fire6 fire7 fire8 pool8 fire9 relu10 pool10',
    );
    const scores = network.layers.find(({ value }) => value === network.logits?.value);
    expect(scores).toMatchObject({ id: 'pool10', shape: [10] });
    const fire = network.layers.filter(({ block }) => block === 'fire5').map(({ id }) => id);
    expect(fire.join(' ').replaceAll('fire5.', '')).toBe(
      'squeeze1x1 relu_squeeze1x1 expand1x1 relu_expand1x1 expand3x3 relu_expand3x3 fire5',
    );
  });

  it('any other: numbered layers, blocks where branches join', () => {
    const network = describeNetwork(gatedNetwork());
    expect(network.title).toBe('CNN with 9 convolutions');
    expect(network.layers.filter((layer) => layer.main).map(({ id }) => id)).toEqual(
      'conv1 relu1 block1 block2 avgpool fc'.split(' '),
    );
    const relu = network.layers.find(({ id }) => id === 'relu1');
    expect(relu).toMatchObject({ op: 'Mul', kind: 'activation', from: ['conv1'] });
    expect(network.lastConv).toBe('block2');
    const again = describeNetwork(scramble(gatedNetwork(), 5));
    expect(again.layers.map(({ id }) => id)).toEqual(network.layers.map(({ id }) => id));
  });

  it('a network without classifier has no scores', () => {
    const graph = buildResNet(narrow);
    const cut = {
      ...graph,
      outputs: [{ name: 'layer4.1.relu', dtype: 'float32', shape: undefined }],
    };
    const network = describeNetwork(cut as Graph);
    expect(network).not.toHaveProperty('logits');
    expect(network).toMatchObject({
      title: 'ResNet-18',
      classifier: [],
      lastConv: 'layer4.1.relu',
    });
  });
});

describe('preprocessing', () => {
  const imagenet = [0.485, 0.456, 0.406];

  it("ImageNet's for three channels, plain for others; said in the guesses", () => {
    const rgb = describeNetwork(buildResNet(narrow));
    expect(rgb.preprocessing).toMatchObject({ channelOrder: 'RGB', range: 1, mean: imagenet });
    expect(rgb.guesses.join()).toMatch(/Preprocessing/);
    const grey = describeNetwork(buildResNet({ ...narrow, inputChannels: 1 }));
    expect(grey.preprocessing).toEqual({ channelOrder: 'GRAY', range: 1, mean: [0], std: [1] });
  });

  it.each([
    ['minus mean, over deviation', [123.7, 116.3, 103.5], [58, 57, 57], 'RGB', 255],
    ['minus mean, blue first', [104, 117, 123], [1, 1, 1], 'BGR', 255],
    ['of pixels up to 1', imagenet, [0.229, 0.224, 0.225], 'RGB', 1],
  ])('inside the graph: %s', (_, mean, std, channelOrder, range) => {
    const graph = small(
      (draft) => {
        const centred = draft.op('Sub', ['image', draft.constant(mean, [1, 3, 1, 1])]);
        return draft.op('Div', [centred, draft.constant(std, [1, 3, 1, 1])]);
      },
      ['N', 3, 32, 32],
    );
    const network = describeNetwork(graph);
    const zero = [0, 0, 0];
    expect(network.preprocessing).toEqual({ channelOrder, range, mean: zero, std: [1, 1, 1] });
    expect(network.guesses.join()).toMatch(/normalises its input itself/);
    expect(network.layers[0]).toMatchObject({ id: 'input_norm', kind: 'norm' });
    expect(network.firstConv).toBe('conv1');
  });

  it('inside the graph, channel by channel', () => {
    const graph = small(
      (draft) => {
        const channels = [0, 1, 2].map((at) => {
          const channel = draft.op('Gather', ['image', draft.int64(at)], { axis: 1 });
          const scaled = draft.op('Mul', [channel, draft.constant([0.45])]);
          return draft.op('Add', [scaled, draft.constant([-0.03])]);
        });
        return draft.op('Concat', channels, { axis: 1 });
      },
      ['N', 3, 32, 32],
    );
    const network = describeNetwork(graph);
    expect(network.firstConv).toBe('conv1');
    expect(network.layers.find(({ id }) => id === 'input_norm')?.op).toBe('Concat');
    expect(network.layers.find(({ id }) => id === 'conv1')?.from).toEqual(['input_norm']);
    expect(network.preprocessing).toMatchObject({ range: 1, mean: imagenet });
  });

  it('what is known goes before what is guessed', () => {
    const preprocessing = {
      channelOrder: 'BGR',
      range: 255,
      mean: [1, 2, 3],
      std: [4, 5, 6],
    } as const;
    const classes = Array.from({ length: 10 }, (_, at) => `class ${at}`);
    const knowledge: Knowledge = { title: 'Mine', preprocessing, classes };
    const network = describeNetwork(buildResNet(narrow), knowledge);
    expect(network).toMatchObject({ ...knowledge, guesses: [] });
    const wrong = describeNetwork(buildResNet(narrow), { ...knowledge, classes: ['one'] });
    expect(wrong).not.toHaveProperty('classes');
    expect(wrong.guesses).toEqual(['Classes: 1 names do not fit 10 scores and are not used.']);
  });
});

describe('input', () => {
  const image = () => 'image';

  it('an open size is 224 unless it is known', () => {
    const graph = small(image, ['N', 3, 'H', 'W']);
    const network = describeNetwork(graph);
    expect(network.input.shape).toEqual([3, 224, 224]);
    expect(network.guesses.join()).toMatch(/224 x 224/);
    const known = describeNetwork(graph, { inputSize: [48, 64] });
    expect(known.input.shape).toEqual([3, 48, 64]);
    expect(known.layers[0]?.shape).toEqual([4, 46, 62]);
    expect(known.guesses.join()).not.toMatch(/size/);
  });

  it('an open size follows from a dense layer that fits one size only', () => {
    const graph = buildVgg({ ...narrow, depth: 11, inputSize: 64 });
    const shape = ['batch', 3, 'height', 'width'];
    const inputs = [{ name: 'input', dtype: 'float32', shape }] as Graph['inputs'];
    const network = describeNetwork({ ...graph, inputs, values: new Map() });
    expect(network.input.shape).toEqual([3, 64, 64]);
  });

  it('a batch stays open, a fixed one becomes one', async () => {
    const open = describeNetwork(small(image, ['N', 3, 16, 16]));
    expect(open.graph.inputs[0]?.shape).toEqual(['N', 3, 16, 16]);
    expect(await run(open.graph, 'image', noise([3, 3, 16, 16]), [3, 3, 16, 16])).toHaveLength(15);
    const fixed = describeNetwork(small(image, [8, 3, 16, 16]));
    expect(fixed.graph.inputs[0]?.shape).toEqual([1, 3, 16, 16]);
    expect(fixed.guesses.join()).toMatch(/8 images at a time/);
    expect(await run(fixed.graph, 'image', noise([1, 3, 16, 16]), [1, 3, 16, 16])).toHaveLength(5);
  });

  it('channels come first, also behind a normalisation of channels that come last', async () => {
    const graph = small(
      (draft) => {
        const centred = draft.op('Sub', ['image', draft.constant([104, 117, 123])]);
        return draft.op('Transpose', [centred], { perm: [0, 3, 1, 2] });
      },
      ['N', 3, 16, 3],
    );
    const inputs = [
      { name: 'image', dtype: 'float32', shape: ['N', 16, 16, 3] },
    ] as Graph['inputs'];
    const network = describeNetwork({ ...graph, inputs });
    expect(network.input.shape).toEqual([3, 16, 16]);
    expect(network.preprocessing).toMatchObject({ channelOrder: 'BGR', range: 255 });
    const shape = [2, 3, 16, 16];
    expect(await run(network.graph, 'image', noise(shape), shape)).toHaveLength(10);
  });
});

describe('errors', () => {
  const input = (shape: Graph['inputs'][number]['shape'], name = 'input') => {
    return { name, dtype: 'float32', shape } as const;
  };
  const resnet = buildResNet(narrow);
  const dense = new Draft();
  const scores = dense.op('Relu', [dense.op('Gemm', ['x', dense.weights([4, 2])])]);
  const mean = { channelOrder: 'RGB', range: 1, mean: [0], std: [1] } as const;

  it.each([
    [
      'E_NO_CONVOLUTION',
      /no convolution; it has 1 Gemm, 1 Relu/,
      dense.graph(['x', [1, 4]], scores),
    ],
    [
      'E_SHAPE',
      /expected one image.*got "input" \[1, 99\]/,
      { ...resnet, inputs: [input([1, 99])] },
    ],
    [
      'E_SHAPE',
      /got "input" \[1, 3, 8, 8\], "other"/,
      { ...resnet, inputs: [input([1, 3, 8, 8]), input([1], 'other')] },
    ],
    ['E_ARGUMENT', /reads 3 channels, but mean and std are for 1/, resnet, { preprocessing: mean }],
  ] as [string, RegExp, Graph, Knowledge?][])('%s: %s', (code, message, graph, knowledge = {}) => {
    const attempt = () => describeNetwork(graph, knowledge);
    expect(attempt).toThrow(LensError);
    expect(attempt).toThrow(expect.objectContaining({ code }));
    expect(attempt).toThrow(message);
  });
});

describe('the graph before it was simplified', () => {
  const file = buildResNet({ depth: 18, ...narrow, inputSize: 32, batch: 'N', seed: 5 });

  it('is kept where it was asked for, with batch normalisation and the names of all layers', () => {
    const plain = describeNetwork(file);
    expect(plain.unfolded).toBeUndefined();
    const network = describeNetwork(file, {}, { unfolded: true });
    const count = (graph: Graph, op: string): number =>
      graph.nodes.filter((node) => node.op === op).length;
    expect(count(network.graph, 'BatchNormalization')).toBe(0);
    expect(count(network.unfolded!, 'BatchNormalization')).toBe(20);
    const values = new Set(network.unfolded!.nodes.flatMap(({ outputs }) => outputs));
    for (const { value } of network.layers) expect(values).toContain(value);
    // It shares its weights with the file.
    for (const [name, tensor] of network.unfolded!.initializers) {
      expect(file.initializers.get(name)).toBe(tensor);
    }
  });

  it('computes the same', async () => {
    const { graph, unfolded, input } = describeNetwork(file, {}, { unfolded: true });
    const shape = [1, ...input.shape];
    const scores = (each: Graph): Promise<Float32Array> =>
      run(each, input.name, noise(shape), shape);
    const [folded, whole] = [await scores(graph), await scores(unfolded!)];
    const distance = Math.hypot(...folded.map((value, i) => value - whole[i]!));
    expect(distance / Math.hypot(...whole)).toBeLessThan(1e-5);
  });
});
