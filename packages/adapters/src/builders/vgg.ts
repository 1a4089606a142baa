import { LensError, type Graph } from '@convlens/onnx';
import { NetworkBuilder } from './network-builder.js';
import { resolveOptions, type BuilderOptions } from './options.js';

/** Options of `buildVgg`. */
export interface VggOptions extends BuilderOptions {
  /** Layers with weights: configurations A, B, D and E of the paper. Default 16. */
  readonly depth?: 11 | 13 | 16 | 19;
  /** Batch normalisation after every convolution (torchvision's `vgg16_bn`). Default false. */
  readonly batchNorm?: boolean;
  /** False leaves the dense layers out, torchvision's `vgg16().features`: 59 instead of 553 MB. Default true. */
  readonly classifier?: boolean;
}

/** Convolutions of each stage; max-pooling ends a stage. */
const STAGES: Readonly<Record<number, readonly number[]>> = {
  11: [1, 1, 2, 2, 2],
  13: [2, 2, 2, 2, 2],
  16: [2, 2, 3, 3, 3],
  19: [2, 2, 4, 4, 4],
};
const CHANNELS = [64, 128, 256, 512, 512];

/**
 * VGG (Simonyan and Zisserman 2014), torchvision's topology and names.
 *
 * What is adapted: the pooling to 7x7 is left out where the last map is not larger, so that the first dense layer
 * reads what there is (2x2 at 64 pixels, 1x1 at 32); see `NetworkBuilder.adaptivePool` for sizes that are no
 * multiple.
 *
 * @param options all optional
 * @returns graph `input [batch, channels, height, width]` -> scores `classifier.6 [batch, classes]`, no softmax; the last map
 *   where the classifier is left out
 * @throws LensError `E_ARGUMENT` for an unknown depth, `E_SHAPE` for an image under 32 pixels
 */
export function buildVgg(options: VggOptions = {}): Graph {
  const { depth = 16, batchNorm = false, classifier = true } = options;
  const stages = STAGES[depth];
  if (stages === undefined) {
    throw new LensError('E_ARGUMENT', `buildVgg: depth is one of 11, 13, 16, 19, not ${depth}.`);
  }
  const build = new NetworkBuilder(resolveOptions(options));
  let x = build.input();
  let index = 0;
  const next = () => `features.${index++}`;
  stages.forEach((count, stage) => {
    const channels = build.scaled(CHANNELS[stage] ?? 512);
    const shape = { channels, kernel: 3, pad: 1, bias: true };
    for (let at = 0; at < count; at += 1) {
      x = batchNorm ? build.convNorm(x, next(), next(), shape) : build.conv(x, next(), shape);
      x = build.relu(x, next());
    }
    x = build.maxPool(x, next(), { kernel: 2, stride: 2 });
  });
  if (!classifier) return build.finish(`VGG-${depth} without classifier`, x);
  x = build.flatten(build.adaptivePool(x, 'avgpool', 7), 'flatten');
  x = build.relu(build.dense(x, 'classifier.0', build.scaled(4096)), 'classifier.1');
  x = build.relu(build.dense(x, 'classifier.3', build.scaled(4096)), 'classifier.4');
  x = build.dense(x, 'classifier.6', build.options.classes, true);
  return build.finish(`VGG-${depth}`, x);
}
