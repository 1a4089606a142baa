import type { Network } from '@convlens/adapters';
import { LensError, type TensorData } from '@convlens/onnx';

/**
 * Whether a network takes any number of images in one run; else its file says that it takes one.
 *
 * @param network the network
 */
export function takesBatches({ graph, input }: Network): boolean {
  const batch = graph.inputs.find(({ name }) => name === input.name)?.shape?.[0];
  return typeof batch !== 'number';
}

/**
 * The images of a batch, one by one: views, each with a leading batch of 1.
 *
 * @param batch `[N, ...]`
 */
export function imagesOf({ data, shape, ...rest }: TensorData<'float32'>): TensorData<'float32'>[] {
  const [count = 1, ...own] = shape;
  const length = data.length / count;
  return Array.from({ length: count }, (_, i) => ({
    ...rest,
    shape: [1, ...own],
    data: data.subarray(i * length, (i + 1) * length),
  }));
}

/**
 * Images as one batch.
 *
 * @param images of one shape `[1, ...]`, at least one
 * @throws LensError `E_SHAPE` when their shapes differ
 */
export function batchOf(images: readonly TensorData<'float32'>[]): TensorData<'float32'> {
  const [first] = images;
  const other = images.find(({ shape }) => shape.join() !== first?.shape.join());
  if (!first || other) {
    throw new LensError(
      'E_SHAPE',
      `A batch needs images of one shape, got ${images.map(({ shape }) => `[${shape.join(', ')}]`).join(' and ') || 'none'}.`,
    );
  }
  if (images.length === 1) return first;
  const data = new Float32Array(first.data.length * images.length);
  images.forEach((image, i) => {
    data.set(image.data, i * first.data.length);
  });
  return { ...first, shape: [images.length, ...first.shape.slice(1)], data };
}
