import { LensError } from '@convlens/onnx';

/** What every builder accepts. Left at their defaults, the networks are those of torchvision. */
export interface BuilderOptions {
  /** Extent of the square image, or `[height, width]`, in pixels. Default 224. */
  readonly inputSize?: number | readonly [number, number];
  /** Channels of the image. Default 3. */
  readonly inputChannels?: number;
  /** Length of the scores. Default 1000. */
  readonly classes?: number;
  /** Factor on every channel count and on the hidden dense layers, each at least 1. Default 1. */
  readonly width?: number;
  /** Seed of the weights, any integer. Default 0. */
  readonly seed?: number;
  /**
   * `random` draws seeded weights (see `NetworkBuilder`); `zeros` lets all tensors share one zero-filled buffer, for
   * work that needs the topology only. Default `random`.
   */
  readonly weights?: 'random' | 'zeros';
  /** Name of the open batch dimension, or a fixed batch size. Default `'batch'`. */
  readonly batch?: string | number;
  /** Merge each BatchNormalization that follows a convolution into it, as exporters do. Default false. */
  readonly fold?: boolean;
}

/** `BuilderOptions` with the defaults filled in. */
export interface ResolvedOptions {
  readonly size: readonly [height: number, width: number];
  readonly inputChannels: number;
  readonly classes: number;
  readonly width: number;
  readonly seed: number;
  readonly zeros: boolean;
  readonly batch: string | number;
  readonly fold: boolean;
}

function wholeNumber(name: string, value: number): number {
  if (Number.isInteger(value) && value > 0) return value;
  throw new LensError('E_ARGUMENT', `${name}: expected a whole number above 0, got ${value}.`);
}

/**
 * Fills in the defaults and checks the numbers.
 *
 * @param options what the caller gave
 * @throws LensError `E_ARGUMENT` for a size, count or width that is no positive number
 */
export function resolveOptions(options: BuilderOptions): ResolvedOptions {
  const { inputSize = 224, width = 1, batch = 'batch', seed = 0 } = options;
  const [height, across] = typeof inputSize === 'number' ? [inputSize, inputSize] : inputSize;
  if (!(width > 0 && width < Infinity)) {
    throw new LensError('E_ARGUMENT', `width: expected a factor above 0, got ${width}.`);
  }
  if (!Number.isSafeInteger(seed)) {
    throw new LensError('E_ARGUMENT', `seed: expected a whole number, got ${seed}.`);
  }
  return {
    size: [wholeNumber('inputSize', height), wholeNumber('inputSize', across)],
    inputChannels: wholeNumber('inputChannels', options.inputChannels ?? 3),
    classes: wholeNumber('classes', options.classes ?? 1000),
    width,
    seed,
    zeros: options.weights === 'zeros',
    batch: typeof batch === 'number' ? wholeNumber('batch', batch) : batch,
    fold: options.fold ?? false,
  };
}
