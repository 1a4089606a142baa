import { describe, expect, it } from 'vitest';
import { describeNetwork } from '@convlens/adapters';
import { buildVgg } from '@convlens/adapters/builders';
import { cut, float32, inferShapes, type Graph } from '@convlens/onnx';
import { Ascent, Goals, type AscentOptions, type Objective } from '../src/index.js';
import { dot, native, numbers } from './support/run.js';

const network = describeNetwork(
  buildVgg({ depth: 11, width: 0.0625, inputSize: 32, classes: 10, batch: 'N' }),
);
const layer = network.layers.filter(({ op }) => op === 'Relu')[2]!;
const [channels = 1, height = 1, width = 1] = layer.shape;
const pixels = 3 * 32 * 32;
const goals = new Goals(network, native);

/** What a layer says to an image. */
async function activation(
  image: Float32Array,
  value = layer.value,
  size: readonly [number, number] = [32, 32],
): Promise<Float32Array> {
  const shape = [1, 3, ...size];
  const graph = inferShapes(cut(network.graph, [value]), {
    inputs: { [network.input.name]: shape },
  });
  const program = await native.prepare(graph);
  const found = await program.run({ [network.input.name]: float32(image, shape) });
  await program.dispose();
  return found[value]!.data as Float32Array;
}

const plane = height * width;
const centre = Math.floor(height / 2) * width + Math.floor(width / 2);
/** The image at which objectives are looked at, and a channel that answers to its centre. */
const probe = numbers(pixels, 9).map((v) => 2 * v);
const answers = await activation(probe);
const awake = Array.from({ length: channels }, (_, c) => answers[c * plane + centre]!).findIndex(
  (v) => v > 0,
);
const mean = (values: Float32Array): number =>
  values.reduce((sum, v) => sum + v, 0) / values.length;
const direction = [...numbers(channels, 77)];
const reference = float32(numbers(pixels, 5), [1, 3, 32, 32]);

const cases: [string, Objective, (a: Float32Array, z: Float32Array) => number | Promise<number>][] =
  [
    ['class', [{ kind: 'class', index: 3 }], (_, z) => z[3]!],
    [
      'channel',
      [{ kind: 'channel', layer: layer.id, channel: 2 }],
      (a) => mean(a.subarray(2 * plane, 3 * plane)),
    ],
    [
      'neuron',
      [{ kind: 'neuron', layer: layer.id, channel: awake }],
      (a) => a[awake * plane + centre]!,
    ],
    [
      'neuron at a place',
      [{ kind: 'neuron', layer: layer.id, channel: 1, row: 2, column: 3 }],
      (a) => a[plane + 2 * width + 3]!,
    ],
    ['layer', [{ kind: 'layer', layer: layer.id }], (a) => 0.5 * mean(a.map((v) => v * v))],
    [
      'direction',
      [{ kind: 'direction', layer: layer.id, direction }],
      (a) =>
        direction.reduce((sum, d, c) => sum + d * mean(a.subarray(c * plane, (c + 1) * plane)), 0),
    ],
    [
      'direction with cosine',
      [{ kind: 'direction', layer: layer.id, direction, cosine: 2 }],
      (a) => {
        let sum = 0;
        for (let at = 0; at < plane; at++) {
          const v = direction.map((_, c) => a[c * plane + at]!);
          const product = dot(v, direction);
          const cosine = product / ((Math.hypot(...v) + 1e-4) * (Math.hypot(...direction) + 1e-4));
          sum += product * Math.max(cosine, 0.1) ** 2;
        }
        return sum / plane;
      },
    ],
    [
      'match',
      [{ kind: 'match', layer: layer.id }],
      async (a) => {
        const target = await activation(reference.data);
        return (
          -dot(
            a.map((v, i) => v - target[i]!),
            a.map((v, i) => v - target[i]!),
          ) / dot(target, target)
        );
      },
    ],
    [
      'guide',
      [{ kind: 'guide', layer: layer.id }],
      async (a) => {
        const guide = await activation(reference.data);
        let sum = 0;
        for (let p = 0; p < plane; p++) {
          let best = -Infinity;
          for (let q = 0; q < plane; q++) {
            let product = 0;
            for (let c = 0; c < channels; c++) product += a[c * plane + p]! * guide[c * plane + q]!;
            best = Math.max(best, product);
          }
          sum += best;
        }
        return sum / plane;
      },
    ],
    [
      'probability',
      [{ kind: 'probability', index: 4 }],
      (_, z) => z[4]! - Math.log(z.reduce((sum, v) => sum + Math.exp(v), 0)),
    ],
    [
      'a difference',
      [
        { kind: 'class', index: 3, weight: 2 },
        { kind: 'channel', layer: layer.id, channel: 0, weight: -0.5 },
      ],
      (a, z) => 2 * z[3]! - 0.5 * mean(a.subarray(0, plane)),
    ],
  ];

describe.each(cases)('the objective %s', (_name, goal, expected) => {
  it('has the value that its formula gives, and the gradient of finite differences', async () => {
    const evaluate = await goals.prepare([goal], { reference });
    const image = probe;
    const { values, gradient } = await evaluate(image);
    const want = await expected(
      await activation(image),
      await activation(image, network.logits!.value),
    );
    expect(Math.abs(values[0]! - want)).toBeLessThan(2e-4 * Math.abs(want) + 1e-6);
    // Along the gradient itself, in a step that is small against the kinks.
    const size = Math.sqrt(dot(gradient, gradient));
    expect(size).toBeGreaterThan(0);
    const h = 0.02;
    const moved = async (sign: number): Promise<number> =>
      (await evaluate(image.map((v, i) => v + (sign * h * gradient[i]!) / size))).values[0]!;
    const slope = ((await moved(1)) - (await moved(-1))) / (2 * h);
    expect(slope / size).toBeCloseTo(1, 1);
  });
});

it('a guide may be of another size than the image', async () => {
  const goal: Objective = [{ kind: 'guide', layer: layer.id }];
  const [rows, columns] = [24, 40];
  const image = numbers(3 * rows * columns, 6);
  const evaluate = await goals.prepare([goal], { reference, size: [rows, columns] });
  const seen = await activation(image, layer.value, [rows, columns]);
  const guide = await activation(reference.data);
  const positions = seen.length / channels;
  expect(positions).not.toBe(plane);
  let sum = 0;
  for (let p = 0; p < positions; p++) {
    let best = -Infinity;
    for (let q = 0; q < plane; q++) {
      let product = 0;
      for (let c = 0; c < channels; c++) {
        product += seen[c * positions + p]! * guide[c * plane + q]!;
      }
      best = Math.max(best, product);
    }
    sum += best;
  }
  const { values, gradient } = await evaluate(image);
  expect(values[0]! / (sum / positions)).toBeCloseTo(1, 4);
  expect(gradient.length).toBe(image.length);
});

it('images of a batch do not influence each other, whatever their number', async () => {
  const each: Objective[] = Array.from({ length: 19 }, (_, channel) => [
    { kind: 'channel', layer: layer.id, channel: channel % channels },
  ]);
  const images = numbers(19 * pixels, 3);
  const together = await (await goals.prepare(each))(images);
  for (const i of [0, 7, 18]) {
    const part = images.slice(i * pixels, (i + 1) * pixels);
    const alone = await (await goals.prepare([each[i]!]))(part);
    expect(together.values[i]).toBeCloseTo(alone.values[0]!, 5);
    const own = together.gradient.subarray(i * pixels, (i + 1) * pixels);
    const difference = own.map((v, at) => v - alone.gradient[at]!);
    expect(Math.sqrt(dot(difference, difference) / dot(own, own))).toBeLessThan(1e-5);
  }
});

it('diversity is minus the mean cosine of Gram matrices', async () => {
  const goal: Objective = [{ kind: 'diversity', layer: layer.id }];
  const images = numbers(3 * pixels, 11);
  const { values } = await (await goals.prepare([goal, goal, goal]))(images);
  const grams = await Promise.all(
    [0, 1, 2].map(async (i) => {
      const a = await activation(images.slice(i * pixels, (i + 1) * pixels));
      const row = (c: number): Float32Array => a.subarray(c * plane, (c + 1) * plane);
      return Array.from({ length: channels ** 2 }, (_, at) =>
        dot(row(Math.floor(at / channels)), row(at % channels)),
      );
    }),
  );
  const cosine = (a: number[], b: number[]): number => dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
  expect(values[0]).toBeCloseTo(
    -(cosine(grams[0]!, grams[1]!) + cosine(grams[0]!, grams[2]!)) / 2,
    4,
  );
  await expect(goals.prepare([goal])).rejects.toMatchObject({ code: 'E_ARGUMENT' });
});

describe('a run', () => {
  const options: AscentOptions = {
    goals: [[{ kind: 'class', index: 1 }], [{ kind: 'class', index: 2 }]],
    parametrisation: 'fourier',
    optimiser: { kind: 'adam', rate: 0.05 },
    transforms: [
      { kind: 'pad', pixels: 2 },
      { kind: 'jitter', pixels: 4 },
    ],
    penalties: [{ kind: 'tv', weight: 1e-4 }],
    views: 2,
    seed: 7,
  };

  it('climbs, the same way every time', async () => {
    const first = new Ascent(goals, options);
    const second = new Ascent(goals, options);
    const values: number[] = [];
    for (let i = 0; i < 25; i++) {
      values.push((await first.step()).values[0]!);
      await second.step();
    }
    expect(values.at(-1)!).toBeGreaterThan(values[0]!);
    expect(second.picture(1)).toEqual(first.picture(1));
  });

  it('that is continued from a kept state is the one that was not stopped', async () => {
    const whole = new Ascent(goals, options);
    for (let i = 0; i < 6; i++) await whole.step();
    const begun = new Ascent(goals, options);
    for (let i = 0; i < 3; i++) await begun.step();
    const kept = structuredClone(begun.state);
    await begun.step();
    const resumed = new Ascent(goals, options, kept);
    for (let i = 0; i < 3; i++) await resumed.step();
    expect(resumed.picture(0)).toEqual(whole.picture(0));
    expect(resumed.state.step).toBe(6);
  });

  it.each(['pixels', 'fourier', 'phase'] as const)(
    'of several pictures by %s is that of each alone',
    async (parametrisation) => {
      const start = probe.map((v) => v / 2);
      const make = (own: Objective[]): Ascent =>
        new Ascent(goals, { ...options, parametrisation, transforms: [], start, goals: own });
      const runs = [...options.goals.map((goal) => make([goal])), make([...options.goals])];
      for (let i = 0; i < 8; i++) for (const run of runs) await run.step();
      const apart = (i: number): number => {
        const [a, b] = [runs[i]!.picture(0).data, runs[2]!.picture(i).data];
        const difference = a.map((v, at) => v - b[at]!);
        return Math.sqrt(dot(difference, difference) / dot(a, a));
      };
      // Kernels for one and for two images round differently.
      expect(apart(0)).toBeLessThan(1e-3);
      expect(apart(1)).toBeLessThan(1e-3);
      expect(runs[2]!.picture(0)).not.toEqual(runs[2]!.picture(1));
    },
  );

  it('does not take a state of another run', () => {
    const state = new Ascent(goals, { ...options, parametrisation: 'pixels' }).state;
    expect(() => new Ascent(goals, options, state)).toThrow(/another run/);
  });

  /** The network with the biases of some channels of the layer so low that they answer nothing. */
  function asleep(sleeps: (channel: number) => boolean): Goals {
    const node = network.graph.nodes.find(({ outputs }) => outputs[0] === layer.value)!;
    const conv = network.graph.nodes.find(({ outputs }) => outputs[0] === node.inputs[0])!;
    const initializers = new Map(network.graph.initializers);
    const old = initializers.get(conv.inputs[2]!)!;
    const biases = (old.data as Float32Array).map((bias, c) => (sleeps(c) ? -5 : bias));
    initializers.set(conv.inputs[2]!, float32(biases, old.shape));
    const graph: Graph = { ...network.graph, initializers };
    return new Goals({ ...network, graph }, native);
  }

  it('wakes a unit that sleeps behind its rectifier, and says so', async () => {
    const sleeping = asleep(() => true);
    const goal: Objective = [{ kind: 'channel', layer: layer.id, channel: 0 }];
    const run = new Ascent(sleeping, {
      goals: [goal],
      parametrisation: 'pixels',
      optimiser: { kind: 'ascent', rate: 1 },
      seed: 1,
    });
    const before = run.picture().data;
    const { note, values } = await run.step();
    expect(values[0]).toBe(0);
    expect(note).toMatch(/gradient was zero/);
    expect(run.picture().data).not.toEqual(before);
    for (let i = 1; i < 16; i++) await run.step();
    expect((await run.measure()).values[0]).toBeGreaterThan(0);
    await sleeping.dispose();
  });

  it('wakes a unit among others that are awake, which go on as if they were alone', async () => {
    const sleeping = asleep((channel) => channel !== awake);
    const goalOf = (channel: number): Objective => [{ kind: 'channel', layer: layer.id, channel }];
    const common = {
      parametrisation: 'pixels',
      optimiser: { kind: 'ascent', rate: 1 },
      seed: 1,
    } as const;
    const other = awake === 0 ? 1 : 0;
    const both = new Ascent(sleeping, { ...common, goals: [goalOf(awake), goalOf(other)] });
    const alone = new Ascent(sleeping, { ...common, goals: [goalOf(awake)] });
    expect((await both.step()).note).toMatch(/gradient was zero/);
    expect((await alone.step()).note).toBeUndefined();
    for (let i = 1; i < 16; i++) await Promise.all([both.step(), alone.step()]);
    expect((await both.measure()).values[1]).toBeGreaterThan(0);
    expect((await both.measure()).values[0]).toBeCloseTo((await alone.measure()).values[0]!, 4);
    await sleeping.dispose();
  });

  it.each<[string, Objective, RegExp]>([
    ['a class that is not there', [{ kind: 'class', index: 10 }], /from 0 to 9, got 10/],
    ['a layer that is not there', [{ kind: 'layer', layer: 'nowhere' }], /no layer "nowhere"/],
    ['a channel out of range', [{ kind: 'channel', layer: layer.id, channel: 999 }], /got 999/],
    [
      'a direction of another length',
      [{ kind: 'direction', layer: layer.id, direction: [1] }],
      /got 1\./,
    ],
    ['no terms', [], /at least one term/],
    ['no image to match', [{ kind: 'match', layer: layer.id }], /Expected an image to match/],
  ])('refuses %s', async (_, goal, message) => {
    await expect(goals.prepare([goal])).rejects.toThrow(message);
  });
});
