// An objective that is known exactly and has no kinks, so that nothing but the steps around it can make a difference: it
// takes the place of a network on a GPU and outside of it.
import type { Network } from '@convlens/adapters';
import type { Executor, GpuOutput } from '@convlens/runtime';
import { float32, LensError, type Graph, type TensorData } from '@convlens/onnx';

/** Side of the usual network's input. */
export const SIDE = 32;

/** Buffers and reads of a device. */
export const count = { buffers: 0, reads: 0 };

/** Opens a device whose buffers are counted. */
export async function openDevice(): Promise<GPUDevice> {
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
export const amplitudes = Float32Array.from({ length: 3 * SIDE * SIDE }, (_, i) => {
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
export function executorOf(
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
