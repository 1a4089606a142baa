// What a page runs to see that steps on its GPU are those outside of it. The network is one whose objective is known
// exactly and has no kinks, so that nothing but the steps themselves can make a difference.
import { describeNetwork, type Network } from '@convlens/adapters';
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
import { float32, LensError, type Graph, type TensorData } from '@convlens/onnx';

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

/** Value and gradient of sum a_i (1 + sin(x_i)) for each image, where a is positive and different in every place. */
function waves(images: Float32Array, batch: number, loud: boolean): [Float32Array, Float32Array] {
  const values = new Float32Array(batch);
  const gradient = new Float32Array(images.length);
  const length = images.length / batch;
  for (let b = 0; b < batch; b++) {
    let sum = 0;
    for (let i = 0; i < length; i++) {
      const amplitude = loud ? amplitudes[i % amplitudes.length]! : 0;
      sum += amplitude * (1 + Math.sin(images[b * length + i]!));
      gradient[b * length + i] = amplitude * Math.cos(images[b * length + i]!);
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
  input: string,
  loud: boolean,
  device?: GPUDevice,
  failsAfter = Infinity,
): Executor {
  const outside: Executor = {
    prepare(graph) {
      const { batch, shape, named } = partsOf(graph, input);
      return Promise.resolve({
        run(feeds) {
          const [values, gradient] = waves(feeds[input]!.data as Float32Array, batch, loud);
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
        const { batch, shape, named } = partsOf(graph, input);
        const size = 4 * shape.reduce((product, extent) => product * extent, 1);
        let runs = 0;
        return Promise.resolve({
          async run(feeds) {
            if (++runs > failsAfter) {
              throw new LensError('E_BACKEND_LOST', 'The device was lost.');
            }
            const fed = feeds[input]!;
            if (!('buffer' in fed)) throw new Error('Expected images in a buffer.');
            const staging = device.createBuffer({
              size,
              usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST,
            });
            const encoder = device.createCommandEncoder();
            encoder.copyBufferToBuffer(fed.buffer, 0, staging, 0, size);
            device.queue.submit([encoder.finish()]);
            await staging.mapAsync(GPUMapMode.READ);
            count.reads--;
            const images = new Float32Array(staging.getMappedRange().slice(0));
            staging.destroy();
            const outputs = Object.entries(named(...waves(images, batch, loud))).map(
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

const network: Network = describeNetwork(
  buildVgg({ depth: 11, width: 0.0625, inputSize: SIDE, classes: 10, batch: 'N' }),
);

/** A preset's settings for that network. */
function preset(id: string): Omit<AscentOptions, 'goals' | 'seed' | 'start'> {
  const found = presets(network).find((candidate) => candidate.id === id);
  if (!found) throw new Error(`There is no preset ${id}.`);
  const { enlarge = 1, start: _, steps: __, ...rest } = found.settings;
  return { ...rest, size: [SIDE * enlarge, SIDE * enlarge] };
}

/** Settings of a run: a preset, the number of pictures, and what differs from it. */
export interface Settings {
  readonly preset: string;
  readonly pictures?: number;
  /** How they are run: four in two parts by default. */
  readonly steps?: readonly number[];
  readonly changes?: Partial<AscentOptions>;
}

function optionsOf({ preset: id, pictures = 1, changes }: Settings): AscentOptions {
  const goals = Array.from({ length: pictures }, (_, index) => [{ kind: 'class' as const, index }]);
  return { ...preset(id), goals, seed: 3, ...changes };
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
}

const anySize: Network = describeNetwork(
  buildVgg({ depth: 11, width: 0.0625, inputSize: SIDE, classifier: false, batch: 'N' }),
);

/** What the page can be asked for. */
export const ascents = {
  /** A dream on the GPU and outside, in parts that do not end where sizes do. */
  async dream({ size, anySize: any, ...settings }: Dreaming) {
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
    const { name } = dreamer.input;
    const inside = new Dream(new Goals(dreamer, executorOf(name, true, device)), options);
    const outside = new Dream(new Goals(dreamer, executorOf(name, true)), options);
    let objectives = 0;
    count.reads = 0;
    for (const steps of [1, inside.total - 2, 2]) {
      objectives = Math.max(
        objectives,
        same(await inside.steps(steps), await outside.steps(steps)),
      );
    }
    const { reads } = count;
    const pictures = apart(inside.picture().data, outside.picture().data);
    const shape = inside.picture().shape.slice(-2);
    const { resident } = inside;
    inside.dispose();
    const after = count.buffers - before;
    device.destroy();
    return { resident, objectives, pictures, shape, reads, after };
  },

  /** Steps on the GPU and outside: how far they are apart. */
  async compare(settings: Settings) {
    const device = await openDevice();
    const options = optionsOf(settings);
    const { name } = network.input;
    const inside = new Ascent(new Goals(network, executorOf(name, true, device)), options);
    const outside = new Ascent(new Goals(network, executorOf(name, true)), options);
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
    const moments = options.goals.flatMap((_, i) =>
      memories(outside, i).map((memory, k) => apart(memories(inside, i)[k]!, memory)),
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
      moments: Math.max(...moments),
    };
  },

  /** A run that goes from the GPU to the outside and back, and one that does not. */
  async handOver(settings: Settings) {
    const device = await openDevice();
    const options = optionsOf(settings);
    const { name } = network.input;
    const kept = new Goals(network, executorOf(name, true, device));
    const plain = new Goals(network, executorOf(name, true));
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
    const goals = new Goals(network, executorOf(network.input.name, true, device));
    const before = count.buffers;
    const ascent = new Ascent(goals, optionsOf(settings));
    await ascent.steps(2);
    const few = count.buffers - before;
    count.reads = 0;
    await ascent.steps(50);
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
    const executor = executorOf(network.input.name, true, device, 2);
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
    const { name } = network.input;
    const inside = new Ascent(new Goals(network, executorOf(name, false, device)), options);
    const outside = new Ascent(new Goals(network, executorOf(name, false)), options);
    const [found, expected] = [await inside.steps(2), await outside.steps(2)];
    const result = {
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
