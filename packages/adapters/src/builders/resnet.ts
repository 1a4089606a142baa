import { LensError, type Graph } from '@convlens/onnx';
import { NetworkBuilder, type Value } from './network-builder.js';
import { resolveOptions, type BuilderOptions } from './options.js';

/** Options of `buildResNet`. */
export interface ResNetOptions extends BuilderOptions {
  /** Layers with weights; from 50 on the blocks are bottlenecks. Default 18. */
  readonly depth?: 18 | 34 | 50 | 101 | 152;
  /** Blocks of each stage in place of those of the depth. The channels double from stage to stage. */
  readonly blocks?: readonly number[];
}

const BLOCKS: Readonly<Record<number, readonly number[]>> = {
  18: [2, 2, 2, 2],
  34: [3, 4, 6, 3],
  50: [3, 4, 6, 3],
  101: [3, 4, 23, 3],
  152: [3, 8, 36, 3],
};

interface BlockOptions {
  readonly name: string;
  readonly channels: number;
  readonly stride: number;
  readonly bottleneck: boolean;
}

function block(build: NetworkBuilder, x: Value, options: BlockOptions): Value {
  const { name, channels, stride, bottleneck } = options;
  const conv = (
    from: Value,
    at: number,
    shape: { channels: number; kernel: number; stride?: number },
  ) =>
    build.convNorm(from, `${name}.conv${at}`, `${name}.bn${at}`, {
      ...shape,
      pad: (shape.kernel - 1) / 2,
    });
  const outputs = bottleneck ? channels * 4 : channels;
  let main: Value;
  if (bottleneck) {
    main = build.relu(conv(x, 1, { channels, kernel: 1 }), `${name}.relu1`);
    main = build.relu(conv(main, 2, { channels, kernel: 3, stride }), `${name}.relu2`);
    main = conv(main, 3, { channels: outputs, kernel: 1 });
  } else {
    main = build.relu(conv(x, 1, { channels, kernel: 3, stride }), `${name}.relu1`);
    main = conv(main, 2, { channels, kernel: 3 });
  }
  let shortcut = x;
  if (stride !== 1 || x.channels !== outputs) {
    shortcut = build.convNorm(x, `${name}.downsample.0`, `${name}.downsample.1`, {
      channels: outputs,
      kernel: 1,
      stride,
    });
  }
  return build.relu(build.add(main, shortcut, `${name}.add`), `${name}.relu`);
}

/**
 * ResNet (He et al. 2015, "Deep Residual Learning for Image Recognition"), torchvision's topology and names: version
 * 1.5, whose bottlenecks have the stride in the 3x3 convolution.
 *
 * What is adapted: under 48 pixels the first convolution is 3x3 with stride 1 and no max-pooling follows, as is
 * usual for CIFAR.
 *
 * @param options all optional
 * @returns graph `input [batch, channels, height, width]` -> scores `fc [batch, classes]`, no softmax
 * @throws LensError `E_ARGUMENT` for an unknown depth or impossible numbers
 */
export function buildResNet(options: ResNetOptions = {}): Graph {
  const { depth = 18 } = options;
  const blocks = options.blocks ?? BLOCKS[depth];
  if (blocks === undefined) {
    throw new LensError(
      'E_ARGUMENT',
      `buildResNet: depth is one of 18, 34, 50, 101, 152, not ${depth}.`,
    );
  }
  const build = new NetworkBuilder(resolveOptions(options));
  const small = Math.min(...build.options.size) < 48;
  const stem = small ? { kernel: 3, stride: 1, pad: 1 } : { kernel: 7, stride: 2, pad: 3 };
  let x = build.convNorm(build.input(), 'conv1', 'bn1', { channels: build.scaled(64), ...stem });
  x = build.relu(x, 'relu');
  if (!small) x = build.maxPool(x, 'maxpool', { kernel: 3, stride: 2, pad: 1 });
  blocks.forEach((count, stage) => {
    for (let at = 0; at < count; at += 1) {
      x = block(build, x, {
        name: `layer${stage + 1}.${at}`,
        channels: build.scaled(64 * 2 ** stage),
        stride: stage > 0 && at === 0 ? 2 : 1,
        bottleneck: depth >= 50,
      });
    }
  });
  x = build.flatten(build.globalPool(x, 'avgpool'), 'flatten');
  return build.finish('ResNet', build.dense(x, 'fc', build.options.classes, true));
}
