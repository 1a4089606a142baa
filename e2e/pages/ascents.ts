// What a page runs to see that steps on its GPU are those outside of it. The network is one whose objective is known
// exactly and has no kinks, so that nothing but the steps themselves can make a difference.
import { describeNetwork, type Network, type Preprocessing } from '@convlens/adapters';
import { buildVgg } from '@convlens/adapters/builders';
import {
  Ascent,
  Dream,
  Goals,
  presets,
  type AscentOptions,
  type Executor,
  type GpuOutput,
  type StepReport,
} from '@convlens/core';
import {
  float32,
  inferShapes,
  LensError,
  type Graph,
  type Node,
  type TensorData,
} from '@convlens/onnx';

const SIDE = 32;

/** Buffers and reads of a device. */
const count = { buffers: 0, reads: 0 };

/** Opens a device whose buffers are counted. */
async function openDevice(): Promise<GPUDevice> {
  const adapter = await navigator.gpu.requestAdapter();
  if (!adapter) throw new Error('This page has no GPU.');
  const device = await adapter.requestDevice();
  device.onuncapturederror = ({ error }) => console.error(error.message);
  const create = device.createBuffer.bind(device);
  device.createBuffer = (descriptor) => {
    const buffer = create(descriptor);
    count.buffers++;
    const [destroy, map] = [buffer.destroy.bind(buffer), buffer.mapAsync.bind(buffer)];
    buffer.destroy = () => {
      count.buffers--;
      destroy();
    };
    buffer.mapAsync = (...mode) => {
      count.reads++;
      return map(...mode);
    };
    return buffer;
  };
  return device;
}

/** Numbers from 0.1 to 1.9 without any order: gradients have all frequencies, so that rounding decides on none of them. */
const amplitudes = Float32Array.from({ length: 3 * SIDE * SIDE }, (_, i) => {
  const mixed = Math.sin(12.9898 * (i + 1)) * 43758.5453;
  return 0.1 + 1.8 * (mixed - Math.floor(mixed));
});

/**
 * Value and gradient of w sum a_i (1 + sin(x_i / unit)) for each image, where a is positive and different in every place, and w is made of
 * what the objective is fed for the image, such as its class.
 */
function waves(
  images: Float32Array,
  batch: number,
  loud: boolean,
  fed: Float32Array,
  unit: number,
): [Float32Array, Float32Array] {
  const values = new Float32Array(batch);
  const gradient = new Float32Array(images.length);
  const length = images.length / batch;
  for (let b = 0; b < batch; b++) {
    let sum = 0;
    const own = fed.subarray((b * fed.length) / batch, ((b + 1) * fed.length) / batch);
    const factor = loud ? own.reduce((sum, weight, k) => sum + (1 + 0.1 * k) * weight, 1) : 0;
    for (let i = 0; i < length; i++) {
      const amplitude = factor * amplitudes[i % amplitudes.length]!;
      sum += amplitude * (1 + Math.sin(images[b * length + i]! / unit));
      gradient[b * length + i] = (amplitude / unit) * Math.cos(images[b * length + i]! / unit);
    }
    values[b] = sum;
  }
  return [values, gradient];
}

interface Parts {
  readonly input: string;
  readonly batch: number;
  readonly shape: readonly number[];
  readonly named: (values: Float32Array, gradient: Float32Array) => Record<string, Float32Array>;
}

/** What an objective's graph is fed and gives. */
function partsOf(graph: Graph, input: string): Parts {
  const shape = graph.inputs.find(({ name }) => name === input)!.shape!.map(Number);
  const names = graph.outputs.map(({ name }) => name);
  const value = names.find((name) => name === 'convlens_objective')!;
  const gradient = names.find((name) => name !== value)!;
  return {
    input,
    batch: shape[0]!,
    shape,
    named: (values, slopes) => ({ [value]: values, [gradient]: slopes }),
  };
}

/** Computes the objective outside, and on a device where there is one. */
function executorOf(
  { input: { name: input }, preprocessing: { range, std } }: Network,
  loud: boolean,
  device?: GPUDevice,
  failsAfter = Infinity,
): Executor {
  // Of the order of a deviation of the input.
  const unit = range / std[0]! / 5;
  const outside: Executor = {
    prepare(graph) {
      const { batch, shape, named } = partsOf(graph, input);
      return Promise.resolve({
        run(feeds) {
          const others = Object.entries(feeds).filter(([name]) => name !== input);
          const fed = others.map(([, { data }]) => data as Float32Array);
          const images = feeds[input]!.data as Float32Array;
          const [values, gradient] = waves(images, batch, loud, fed[0] ?? new Float32Array(), unit);
          const tensors = Object.entries(named(values, gradient)).map(([name, data]) => [
            name,
            float32(data, data === values ? [batch] : shape),
          ]);
          return Promise.resolve(Object.fromEntries(tensors) as Record<string, TensorData>);
        },
        dispose: () => Promise.resolve(),
      });
    },
  };
  if (!device) return outside;
  const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST | GPUBufferUsage.COPY_SRC;
  return {
    ...outside,
    gpu: {
      device,
      wait: (task) => task(),
      prepare(graph) {
        const { batch, named } = partsOf(graph, input);
        let runs = 0;
        return Promise.resolve({
          async run(feeds) {
            if (++runs > failsAfter) {
              throw new LensError('E_BACKEND_LOST', 'The device was lost.');
            }
            const read = async (name: string): Promise<Float32Array> => {
              const fed = feeds[name]!;
              if (!('buffer' in fed)) throw new Error(`Expected ${name} in a buffer.`);
              const size = 4 * fed.shape.reduce((product, extent) => product * extent, 1);
              const staging = device.createBuffer({
                size,
                usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST,
              });
              const encoder = device.createCommandEncoder();
              encoder.copyBufferToBuffer(fed.buffer, 0, staging, 0, size);
              device.queue.submit([encoder.finish()]);
              await staging.mapAsync(GPUMapMode.READ);
              // Reads of the network are none of the step.
              count.reads--;
              const values = new Float32Array(staging.getMappedRange().slice(0));
              staging.destroy();
              return values;
            };
            const images = await read(input);
            const other = Object.keys(feeds).find((name) => name !== input);
            const fed = other === undefined ? new Float32Array() : await read(other);
            const outputs = Object.entries(named(...waves(images, batch, loud, fed, unit))).map(
              ([name, data]): [string, GpuOutput] => {
                const buffer = device.createBuffer({ size: data.byteLength, usage });
                device.queue.writeBuffer(buffer, 0, data as Float32Array<ArrayBuffer>);
                return [name, { buffer, free: () => buffer.destroy() }];
              },
            );
            return Object.fromEntries(outputs);
          },
          dispose: () => Promise.resolve(),
        });
      },
    },
  };
}

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
  const node = (op: string, inputs: string[], output: string, attributes = {}): Node => {
    const outputs = [output];
    return { name: output, op, domain: '', inputs, outputs, attributes };
  };
  const graph: Graph = {
    name: 'small',
    opset: 17,
    otherOpsets: {},
    inputs: [{ name: 'input', dtype: 'float32', shape: ['N', ...shape] }],
    outputs: [{ name: 'scores', dtype: 'float32', shape: [] }],
    nodes: [
      node('Conv', ['input', 'filters'], 'features'),
      node('Relu', ['features'], 'rectified'),
      node('GlobalAveragePool', ['rectified'], 'pooled'),
      node('Flatten', ['pooled'], 'flat'),
      node('MatMul', ['flat', 'matrix'], 'scores'),
    ],
    initializers: new Map([
      ['filters', weights(4, channels, 1, 1)],
      ['matrix', weights(4, 10)],
    ]),
    values: new Map(),
    metadata: new Map(),
    producer: 'convlens',
  };
  return describeNetwork(inferShapes(graph), { preprocessing });
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
