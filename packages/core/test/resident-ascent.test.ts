import { afterEach, describe, expect, it } from 'vitest';
import { describeNetwork } from '@convlens/adapters';
import { buildVgg } from '@convlens/adapters/builders';
import { float32, LensError } from '@convlens/onnx';
import {
  Ascent,
  Goals,
  presets,
  type AscentOptions,
  type Executor,
  type Goal,
  type Held,
} from '../src/index.js';
import { native, numbers } from './support/run.js';

/** What is held, and what was read of it. */
const count = { held: 0, read: 0 };

/** onnxruntime-node as if it were a device: what it computes is out of reach until it is read. */
const holding: Executor = {
  prepare: (graph) => native.prepare(graph),
  async prepareHolding(graph) {
    const program = await native.prepare(graph);
    return {
      async run(feeds) {
        const known = await Promise.all(
          Object.entries(feeds).map(async ([name, feed]) => [
            name,
            'read' in feed
              ? await (feed as Held & { inside: () => Promise<never> }).inside()
              : feed,
          ]),
        );
        const outputs = await program.run(Object.fromEntries(known) as never);
        return Object.fromEntries(
          Object.entries(outputs).map(([name, tensor]) => {
            let live = true;
            count.held++;
            const inside = () => {
              if (!live) throw new Error(`${name} was freed`);
              return Promise.resolve(tensor);
            };
            const read = () => {
              count.read++;
              return inside();
            };
            const dispose = () => {
              if (!live) throw new Error(`${name} was freed twice`);
              live = false;
              count.held--;
            };
            return [name, { read, dispose, inside }];
          }),
        );
      },
      dispose: () => program.dispose(),
    };
  },
};

const network = describeNetwork(
  buildVgg({ depth: 11, width: 0.0625, inputSize: 32, classes: 10, batch: 'N' }),
);
const layer = network.layers.filter(({ op }) => op === 'Relu')[2]!;
const plain = new Goals(network, native);
const kept = new Goals(network, holding);
const goal = (index: number): Goal => [{ kind: 'class', index }];
const preset = (id: string): Omit<AscentOptions, 'goals' | 'seed' | 'start'> => {
  const { settings } = presets(network).find((candidate) => candidate.id === id)!;
  const { enlarge = 1, start: _, steps: __, ...rest } = settings;
  return { ...rest, size: [32 * enlarge, 32 * enlarge] };
};

const cases: Record<string, AscentOptions> = {
  natural: { ...preset('natural'), goals: [goal(3)], seed: 1 },
  'natural, three at once': { ...preset('natural'), goals: [goal(3), goal(1), goal(7)], seed: 2 },
  'lucid with four views': { ...preset('lucid'), goals: [goal(2), goal(5)], views: 4, seed: 3 },
  'only phases, close views': { ...preset('maco'), goals: [goal(4)], seed: 4 },
  simonyan: { ...preset('simonyan'), goals: [goal(6)], seed: 5 },
  'a large picture seen in part, on black': {
    ...preset('lucid'),
    goals: [goal(1)],
    size: [40, 45],
    transforms: [
      { kind: 'pad', pixels: 5, value: 0 },
      { kind: 'rotate', degrees: [-30, 45] },
      { kind: 'crop', from: 0.4, to: 0.5 },
    ],
    seed: 6,
  },
  'momentum towards an image': {
    goals: [[{ kind: 'match', layer: layer.id }]],
    reference: float32(numbers(3 * 32 * 32, 5), [1, 3, 32, 32]),
    parametrisation: 'pixels',
    optimiser: { kind: 'momentum', rate: 0.5 },
    schedule: [
      { steps: 2, factor: 1 },
      { steps: 10, factor: 0.1 },
    ],
    penalties: [
      { kind: 'tv', weight: 1e-4 },
      { kind: 'alpha', weight: 1e-4 },
    ],
    seed: 7,
  },
};

/** A channel that does not answer to grey. */
const asleep = await (async () => {
  const ascent = (channel: number): Ascent =>
    new Ascent(plain, {
      ...cases.simonyan!,
      goals: [[{ kind: 'neuron', layer: layer.id, channel }]],
      penalties: [],
      start: new Float32Array(3 * 32 * 32),
    });
  for (let channel = 0; channel < layer.shape[0]!; channel++) {
    if ((await ascent(channel).measure()).note !== undefined) return channel;
  }
  throw new Error('every channel answers to grey');
})();

afterEach(() => {
  count.read = 0;
});

/** Largest difference, as a part of the largest number. */
function apart(a: Float32Array, b: Float32Array): number {
  const largest = b.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  expect(a.length).toBe(b.length);
  return a.reduce((most, value, i) => Math.max(most, Math.abs(value - b[i]!)), 0) / largest;
}

describe('an ascent whose numbers stay on the device', () => {
  it.each(Object.keys(cases))('is the one that is computed outside: %s', async (name) => {
    const options = cases[name]!;
    const inside = new Ascent(kept, options);
    const outside = new Ascent(plain, options);
    expect(inside.resident).toBe(true);
    expect(outside.resident).toBe(false);
    for (const steps of [1, 3]) {
      const [found, expected] = [await inside.steps(steps), await outside.steps(steps)];
      expect(inside.resident).toBe(true);
      expect(found.map(({ step }) => step)).toEqual(expected.map(({ step }) => step));
      for (const [i, { values, totals }] of expected.entries()) {
        expect(apart(found[i]!.values, values)).toBeLessThan(1e-5);
        expect(apart(found[i]!.totals, totals)).toBeLessThan(1e-5);
      }
    }
    expect(inside.state.step).toBe(4);
    for (const [i, picture] of outside.state.pictures.entries()) {
      const own = inside.state.pictures[i]!;
      expect(own.memory.steps).toBe(4);
      // Adam divides by the root of the square: where a gradient is next to zero, rounding decides on its sign.
      expect(apart(inside.picture(i).data, outside.picture(i).data)).toBeLessThan(2e-4);
      if (picture.memory.first.length > 0) {
        expect(apart(own.memory.first, picture.memory.first)).toBeLessThan(2e-4);
      }
    }
    await inside.dispose();
    expect(count.held).toBe(0);
  });

  it('reads nothing between its steps, and holds no more after many than after few', async () => {
    const ascent = new Ascent(kept, cases.natural!);
    await ascent.steps(2);
    const { held } = count;
    count.read = 0;
    await ascent.steps(50);
    // Numbers and moments once; three numbers a picture of each step when all are done.
    expect(count.read).toBe(3 + 3 * 50);
    expect(count.held).toBe(held);
    await ascent.dispose();
    expect(count.held).toBe(0);
  });

  it('holds nothing of steps that failed', async () => {
    const failing: Executor = {
      ...holding,
      async prepareHolding(graph) {
        const program = await holding.prepareHolding!(graph);
        let runs = 0;
        const broken = (): Promise<never> =>
          Promise.reject(new LensError('E_BACKEND_LOST', 'The device was lost.'));
        return {
          ...program,
          run: (feeds) => (graph.name === 'step' && ++runs > 2 ? broken() : program.run(feeds)),
        };
      },
    };
    const ascent = new Ascent(new Goals(network, failing), cases.natural!);
    await ascent.steps(1);
    await expect(ascent.steps(3)).rejects.toMatchObject({ code: 'E_BACKEND_LOST' });
    expect(ascent.state.step).toBe(1);
    await ascent.dispose();
    expect(count.held).toBe(0);
  });

  it('goes on from a state, in it and outside', async () => {
    const whole = new Ascent(plain, cases.natural!);
    await whole.steps(6);
    const first = new Ascent(kept, cases.natural!);
    await first.steps(2);
    const second = new Ascent(plain, cases.natural!, first.state);
    await second.steps(2);
    const third = new Ascent(kept, cases.natural!, second.state);
    await third.steps(2);
    expect(apart(third.picture().data, whole.picture().data)).toBeLessThan(2e-4);
    await Promise.all([first.dispose(), third.dispose()]);
  });

  it('is left where a picture has no gradient, with nothing lost', async () => {
    const options: AscentOptions = {
      ...cases.simonyan!,
      goals: [[{ kind: 'neuron', layer: layer.id, channel: asleep }]],
      penalties: [],
      start: new Float32Array(3 * 32 * 32),
    };
    const [inside, outside] = [new Ascent(kept, options), new Ascent(plain, options)];
    const [found, expected] = [await inside.steps(2), await outside.steps(2)];
    expect(found[0]!.note).toContain('gradient was zero');
    expect(found).toEqual(expected);
    expect(inside.resident).toBe(false);
    expect(inside.picture().data).toEqual(outside.picture().data);
    expect(count.held).toBe(0);
  });

  it.each([
    ['views that wrap around', { transforms: [{ kind: 'roll', pixels: 3 }] }],
    ['corrections', { corrections: { decay: 0.1 } }],
    ['another power of the total variation', { penalties: [{ kind: 'tv', weight: 1, beta: 1 }] }],
    ['more images than a run takes', { views: 20 }],
  ] as const)('is left to single steps for %s', (_, settings) => {
    const options = { ...cases.natural!, ...settings } as AscentOptions;
    expect(new Ascent(kept, options).resident).toBe(false);
  });
});
