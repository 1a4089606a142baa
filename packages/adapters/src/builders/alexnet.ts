import type { Graph } from '@convlens/onnx';
import { NetworkBuilder } from './network-builder.js';
import { resolveOptions, type BuilderOptions } from './options.js';

/** Options of `buildAlexNet`. */
export interface AlexNetOptions extends BuilderOptions {
  /** Batch normalisation after every convolution, which torchvision's has not. Default false. */
  readonly batchNorm?: boolean;
}

/** Channels, kernel, pad, and whether 3x3/2 max-pooling follows. */
const CONVOLUTIONS = [
  [64, 11, 2, true],
  [192, 5, 2, true],
  [384, 3, 1, false],
  [256, 3, 1, false],
  [256, 3, 1, true],
] as const;

/**
 * AlexNet as torchvision has it: the single-tower network of Krizhevsky, "One weird trick for parallelizing
 * convolutional neural networks" (2014), without local response normalisation.
 *
 * What is adapted: the first stride is 4 from 128 pixels on, 2 from 48 on, else 1. The pooling to 6x6 is left out
 * where the last map is not larger, so that the first dense layer reads what there is; see
 * `NetworkBuilder.adaptivePool` for sizes that are no multiple.
 *
 * @param options all optional
 * @returns graph `input [batch, channels, height, width]` -> scores `classifier.6 [batch, classes]`, no softmax
 * @throws LensError `E_ARGUMENT` for impossible numbers, `E_SHAPE` for an image that is too small
 */
export function buildAlexNet(options: AlexNetOptions = {}): Graph {
  const build = new NetworkBuilder(resolveOptions(options));
  const size = Math.min(...build.options.size);
  const firstStride = size >= 128 ? 4 : size >= 48 ? 2 : 1;
  const batchNorm = options.batchNorm ?? false;
  let x = build.input();
  let index = 0;
  const next = () => `features.${index++}`;
  CONVOLUTIONS.forEach(([channels, kernel, pad, pooled], at) => {
    const shape = {
      channels: build.scaled(channels),
      kernel,
      pad,
      stride: at === 0 ? firstStride : 1,
      bias: true,
    };
    x = batchNorm ? build.convNorm(x, next(), next(), shape) : build.conv(x, next(), shape);
    x = build.relu(x, next());
    if (pooled) x = build.maxPool(x, next(), { kernel: 3, stride: 2 });
  });
  x = build.flatten(build.adaptivePool(x, 'avgpool', 6), 'flatten');
  x = build.relu(build.dense(x, 'classifier.1', build.scaled(4096)), 'classifier.2');
  x = build.relu(build.dense(x, 'classifier.4', build.scaled(4096)), 'classifier.5');
  x = build.dense(x, 'classifier.6', build.options.classes, true);
  return build.finish('AlexNet', x);
}
