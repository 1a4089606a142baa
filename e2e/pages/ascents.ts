// What a page runs to see that steps on its GPU are those outside of it. The network is one whose objective is known
// exactly and has no kinks, so that nothing but the steps themselves can make a difference.
import { describeNetwork, type Network, type Preprocessing } from '@convlens/adapters';
import { buildVgg } from '@convlens/adapters/builders';
import { Ascent, Dream, Goals, presets, type AscentOptions, type StepReport } from '@convlens/core';
import { float32, GraphBuilder, LensError, type TensorData } from '@convlens/onnx';
import { amplitudes, count, executorOf, openDevice, SIDE } from './known-objective.js';

/** Largest difference, as a part of the largest number. */
function apart(a: Float32Array, b: Float32Array): number {
  if (a.length !== b.length) return Infinity;
  const largest = b.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  return a.reduce((most, value, i) => Math.max(most, Math.abs(value - b[i]!)), 0) / (largest || 1);
}

/** The share of numbers that are a thousandth of themselves away, and more than rounding of the largest explains. */
function strays(a: Float32Array, b: Float32Array): number {
  const largest = b.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const away = a.filter(
    (value, i) => Math.abs(value - b[i]!) > 1e-3 * Math.abs(b[i]!) + 3e-7 * largest,
  );
  return away.length / (a.length || 1);
}

const network: Network = describeNetwork(
  buildVgg({ depth: 11, width: 0.0625, inputSize: SIDE, classes: 10, batch: 'N' }),
);

/** A network of one convolution, for inputs of other shapes. */
function small(shape: readonly [number, number, number], preprocessing: Preprocessing): Network {
  const [channels] = shape;
  const weights = (...extents: number[]): TensorData =>
    float32(new Float32Array(extents.reduce((a, b) => a * b)).fill(0.1), extents);
  const b = new GraphBuilder({ name: 'small' });
  const filters = b.weight('filters', weights(4, channels, 1, 1));
  const features = b.emit('Conv', [b.input('input', ['N', ...shape]), filters], {}, 'features');
  const rectified = b.emit('Relu', [features], {}, 'rectified');
  const flat = b.emit(
    'Flatten',
    [b.emit('GlobalAveragePool', [rectified], {}, 'pooled')],
    {},
    'flat',
  );
  b.output(b.emit('MatMul', [flat, b.weight('matrix', weights(4, 10))], {}, 'scores'));
  return describeNetwork(b.finish(), { preprocessing });
}

/** What networks are fed: the usual; one channel; another order and range, and an input that is no square; no colours. */
const networks = {
  usual: network,
  grey: small([1, 29, 31], { channelOrder: 'GRAY', range: 1, mean: [0.4], std: [0.3] }),
  bgr: small([3, 24, 40], {
    channelOrder: 'BGR',
    range: 255,
    mean: [103.9, 116.8, 123.7],
    std: [1, 1.5, 2],
  }),
  two: small([2, 24, 24], { channelOrder: 'RGB', range: 1, mean: [0.5, 0.5], std: [0.2, 0.3] }),
} as const;

/** A preset's settings for a network. */
function preset(id: string, of: Network): Omit<AscentOptions, 'goals' | 'seed' | 'start'> {
  const found = presets(of).find((candidate) => candidate.id === id);
  if (!found) throw new Error(`There is no preset ${id}.`);
  const { enlarge = 1, start: _, steps: __, ...rest } = found.settings;
  const [, height, width] = of.input.shape;
  return { ...rest, size: [Math.round(height * enlarge), Math.round(width * enlarge)] };
}

/** Settings of a run: a preset, the number of pictures, and what differs from it. */
export interface Settings {
  readonly preset: string;
  readonly network?: keyof typeof networks;
  readonly pictures?: number;
  /** How they are run: four in two parts by default. */
  readonly steps?: readonly number[];
  readonly changes?: Partial<AscentOptions>;
}

function optionsOf({
  preset: id,
  network: name = 'usual',
  pictures = 1,
  changes,
}: Settings): AscentOptions {
  const goals = Array.from({ length: pictures }, (_, index) => [{ kind: 'class' as const, index }]);
  return { ...preset(id, networks[name]), goals, seed: 3, ...changes };
}

const same = (a: readonly StepReport[], b: readonly StepReport[]): number =>
  a.length === b.length
    ? Math.max(
        ...b.map(({ step, values, totals }, i) =>
          step === a[i]!.step
            ? Math.max(apart(a[i]!.values, values), apart(a[i]!.totals, totals))
            : Infinity,
        ),
      )
    : Infinity;

const memories = (ascent: Ascent, i: number): Float32Array[] => {
  const { first, second } = ascent.state.pictures[i]!.memory;
  return [first, second];
};

/** How an image dreams: its size, that of its tiles, and whether the network takes images of any size. */
export interface Dreaming {
  readonly size: readonly [number, number];
  readonly octaves: number;
  readonly steps: number;
  readonly tile?: number;
  readonly anySize: boolean;
  /** Whether the network answers at all. */
  readonly loud?: boolean;
}

const anySize: Network = describeNetwork(
  buildVgg({ depth: 11, width: 0.0625, inputSize: SIDE, classifier: false, batch: 'N' }),
);

/** What the page can be asked for. */
export const ascents = {
  /** A dream on the GPU and outside, in parts that do not end where sizes do. */
  async dream({ size, anySize: any, loud = true, ...settings }: Dreaming) {
    const device = await openDevice();
    const before = count.buffers;
    const dreamer = any ? anySize : network;
    const length = 3 * size[0] * size[1];
    const image = float32(
      Float32Array.from({ length }, (_, i) => Math.sin(0.05 * i) + amplitudes[i % 3000]! - 1),
      [1, 3, ...size],
    );
    const layer = dreamer.layers.find(({ op }) => op === 'Relu')!.id;
    const options = { ...settings, goal: [{ kind: 'layer' as const, layer }], image, seed: 5 };
    const inside = new Dream(new Goals(dreamer, executorOf(dreamer, loud, device)), options);
    const outside = new Dream(new Goals(dreamer, executorOf(dreamer, loud)), options);
    let objectives = 0;
    let note: string | undefined;
    count.reads = 0;
    for (const steps of [1, inside.total - 2, 2]) {
      const found = await inside.steps(steps);
      note ??= found.find((report) => report.note !== undefined)?.note;
      objectives = Math.max(objectives, same(found, await outside.steps(found.length)));
    }
    const { reads } = count;
    const pictures = apart(inside.picture().data, outside.picture().data);
    const shape = inside.picture().shape.slice(-2);
    const { resident } = inside;
    inside.dispose();
    const after = count.buffers - before;
    device.destroy();
    return { resident, objectives, pictures, shape, reads, after, note };
  },

  /** Steps on the GPU and outside: how far they are apart. */
  async compare(settings: Settings) {
    const device = await openDevice();
    const options = optionsOf(settings);
    const of = networks[settings.network ?? 'usual'];
    const inside = new Ascent(new Goals(of, executorOf(of, true, device)), options);
    const outside = new Ascent(new Goals(of, executorOf(of, true)), options);
    let objectives = 0;
    for (const steps of settings.steps ?? [1, 3]) {
      objectives = Math.max(
        objectives,
        same(await inside.steps(steps), await outside.steps(steps)),
      );
    }
    const pictures = options.goals.map((_, i) =>
      apart(inside.picture(i).data, outside.picture(i).data),
    );
    const pairs = options.goals.flatMap((_, i) =>
      memories(outside, i).map((memory, k) => [memories(inside, i)[k]!, memory] as const),
    );
    const { resident } = inside;
    const { step } = inside.state;
    await inside.dispose();
    device.destroy();
    return {
      resident,
      step,
      objectives,
      pictures: Math.max(...pictures),
      moments: Math.max(...pairs.map(([mine, theirs]) => apart(mine, theirs))),
      strays: Math.max(...pairs.map(([mine, theirs]) => strays(mine, theirs))),
    };
  },

  /** A run that goes from the GPU to the outside and back, and one that does not. */
  async handOver(settings: Settings) {
    const device = await openDevice();
    const options = optionsOf(settings);
    const kept = new Goals(network, executorOf(network, true, device));
    const plain = new Goals(network, executorOf(network, true));
    const whole = new Ascent(plain, options);
    await whole.steps(6);
    const first = new Ascent(kept, options);
    await first.steps(2);
    const second = new Ascent(plain, options, first.state);
    await second.steps(2);
    const third = new Ascent(kept, options, second.state);
    await third.steps(2);
    const pictures = apart(third.picture().data, whole.picture().data);
    await Promise.all([first.dispose(), third.dispose()]);
    device.destroy();
    return { pictures };
  },

  /** What is read, and what is held before, during and after a run. */
  async holdings(settings: Settings) {
    const device = await openDevice();
    const goals = new Goals(network, executorOf(network, true, device));
    const before = count.buffers;
    const ascent = new Ascent(goals, optionsOf(settings));
    await ascent.steps(2);
    const few = count.buffers - before;
    count.reads = 0;
    await ascent.steps(70);
    const { reads } = count;
    const many = count.buffers - before;
    await ascent.dispose();
    const after = count.buffers - before;
    device.destroy();
    return { few, many, after, reads };
  },

  /** A device that is lost in the third step. */
  async failure(settings: Settings) {
    const device = await openDevice();
    const before = count.buffers;
    const executor = executorOf(network, true, device, 2);
    const ascent = new Ascent(new Goals(network, executor), optionsOf(settings));
    await ascent.steps(1);
    const code = await ascent.steps(3).then(
      () => 'none',
      (error: unknown) => (error instanceof LensError ? error.code : String(error)),
    );
    const { step } = ascent.state;
    await ascent.dispose();
    const after = count.buffers - before;
    device.destroy();
    return { code, step, after };
  },

  /** A picture that nothing moves. */
  async asleep(settings: Settings) {
    const device = await openDevice();
    const options = optionsOf(settings);
    const inside = new Ascent(new Goals(network, executorOf(network, false, device)), options);
    const outside = new Ascent(new Goals(network, executorOf(network, false)), options);
    // The GPU gives it back, and one step is done without it.
    const found = await inside.steps(2);
    const expected = await outside.steps(found.length);
    const result = {
      done: found.length,
      note: found[0]?.note,
      objectives: same(found, expected),
      pictures: apart(inside.picture().data, outside.picture().data),
      resident: inside.resident,
    };
    await inside.dispose();
    device.destroy();
    return result;
  },
};

/** What the page has. */
export type Ascents = typeof ascents;

(globalThis as unknown as { ascents: Ascents }).ascents = ascents;
