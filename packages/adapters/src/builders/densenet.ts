import { LensError, type Graph } from '@convlens/onnx';
import { NetworkBuilder, type Value } from './network-builder.js';
import { resolveOptions, type BuilderOptions } from './options.js';

/** Options of `buildDenseNet`. */
export interface DenseNetOptions extends BuilderOptions {
  /** Layers with weights. Default 121. */
  readonly depth?: 121 | 161 | 169 | 201;
  /** Layers of each dense block in place of those of the depth. */
  readonly blocks?: readonly number[];
}

const BLOCKS: Readonly<Record<number, readonly number[]>> = {
  121: [6, 12, 24, 16],
  161: [6, 12, 36, 24],
  169: [6, 12, 32, 32],
  201: [6, 12, 48, 32],
};

function denseLayer(build: NetworkBuilder, x: Value, name: string, growth: number): Value {
  let y = build.relu(build.norm(x, `${name}.norm1`), `${name}.relu1`);
  y = build.convNorm(y, `${name}.conv1`, `${name}.norm2`, { channels: 4 * growth, kernel: 1 });
  y = build.relu(y, `${name}.relu2`);
  return build.conv(y, `${name}.conv2`, { channels: growth, kernel: 3, pad: 1 });
}

function denseBlock(build: NetworkBuilder, x: Value, name: string, count: number, growth: number) {
  const maps: [Value, ...Value[]] = [x];
  let all = x;
  for (let at = 1; at <= count; at += 1) {
    if (at > 1) all = build.concat(maps, `${name}.denselayer${at}.concat`);
    maps.push(denseLayer(build, all, `${name}.denselayer${at}`, growth));
  }
  return build.concat(maps, name);
}

/**
 * DenseNet-BC (Huang et al. 2016), torchvision's topology and names: 1x1 bottlenecks of four times the growth,
 * transitions that halve channels and extent.
 *
 * What is adapted: under 48 pixels the first convolution is 3x3 with stride 1 and no max-pooling follows, as is
 * usual for CIFAR.
 *
 * @param options all optional
 * @returns graph `input [batch, channels, height, width]` -> scores `classifier [batch, classes]`, no softmax
 * @throws LensError `E_ARGUMENT` for an unknown depth, `E_SHAPE` for an image that is too small
 */
export function buildDenseNet(options: DenseNetOptions = {}): Graph {
  const { depth = 121 } = options;
  const blocks = options.blocks ?? BLOCKS[depth];
  if (blocks === undefined) {
    throw new LensError(
      'E_ARGUMENT',
      `buildDenseNet: depth is one of 121, 161, 169, 201, not ${depth}.`,
    );
  }
  const build = new NetworkBuilder(resolveOptions(options));
  const small = Math.min(...build.options.size) < 48;
  const stem = small ? { kernel: 3, stride: 1, pad: 1 } : { kernel: 7, stride: 2, pad: 3 };
  const growth = build.scaled(depth === 161 ? 48 : 32);
  let x = build.convNorm(build.input(), 'features.conv0', 'features.norm0', {
    channels: 2 * growth,
    ...stem,
  });
  x = build.relu(x, 'features.relu0');
  if (!small) x = build.maxPool(x, 'features.pool0', { kernel: 3, stride: 2, pad: 1 });
  blocks.forEach((count, at) => {
    x = denseBlock(build, x, `features.denseblock${at + 1}`, count, growth);
    if (at === blocks.length - 1) return;
    const name = `features.transition${at + 1}`;
    x = build.relu(build.norm(x, `${name}.norm`), `${name}.relu`);
    x = build.conv(x, `${name}.conv`, { channels: Math.floor(x.channels / 2), kernel: 1 });
    x = build.averagePool(x, `${name}.pool`, { kernel: 2, stride: 2 });
  });
  x = build.relu(build.norm(x, `features.norm${blocks.length + 1}`), 'relu');
  x = build.flatten(build.globalPool(x, 'avgpool'), 'flatten');
  return build.finish('DenseNet', build.dense(x, 'classifier', build.options.classes, true));
}
