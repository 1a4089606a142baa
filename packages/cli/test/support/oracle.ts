import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describeNetwork, type Network, type Preprocessing } from '@convlens/adapters';
import { planesOf } from '@convlens/core';
import { readNpy } from '@convlens/data';
import { readPng } from '@convlens/data/png';
import { read, type TensorData } from '@convlens/onnx';
import { full } from '@convlens/tooling/tier.mjs';

type Tensor = TensorData<'float32'>;

const shared = fileURLToPath(new URL('../../../../../shared/', import.meta.url));
/** Names of the reference networks; none where the folder beside the project is missing. */
export const oracles = existsSync(`${shared}oracles`)
  ? readdirSync(`${shared}oracles`).filter((name) =>
      existsSync(`${shared}oracles/${name}/manifest.json`),
    )
  : [];

/** Trained on ImageNet: a run takes a hundred times what one of the others takes. */
const LARGE: readonly string[] = ['googlenet', 'squeezenet1_1'];

/**
 * Whether a runtime is compared on a reference network: the native one on all; the others on the large ones only where
 * everything is tested, since what those are made of is in the small ones and among the operators.
 */
export const isCompared = (runtime: string, name: string): boolean =>
  full || runtime === 'ort-node' || !LARGE.includes(name);

/** What a reference network says of itself. */
export interface Manifest {
  readonly model: string;
  readonly input: {
    readonly cropFile: string;
    readonly preprocessing: Omit<Preprocessing, 'channelOrder'> & { channelOrder: string };
  };
  readonly middle: string;
  readonly cam: string;
  readonly choices: {
    readonly class: number;
    readonly projection: readonly [number, number, number];
    readonly ascentClass: number;
    readonly attackTarget: number;
    readonly attackImage: string;
  };
  readonly parameters: {
    readonly igSteps: number;
    readonly occlusionPatch: number;
    readonly occlusionStride: number;
    readonly ascentEta: number;
    readonly ascentLambda: number;
    readonly ascentSteps: number;
    readonly deepdreamStep: number;
    readonly deepdreamSteps: number;
    readonly inversionLearningRate: number;
    readonly inversionMomentum: number;
    readonly inversionLambdaTV: number;
    readonly inversionLambda6: number;
    readonly inversionSteps: number;
    readonly attack: {
      readonly fgsmSmall: number;
      readonly fgsmLarge: number;
      readonly linf: number;
      readonly alpha: number;
      readonly alphaTargeted: number;
      readonly l2: number;
      readonly l2alpha: number;
    };
  };
  readonly unit: number;
  /** `null` where the trace is chaotic. */
  readonly traces: Readonly<
    Record<
      string,
      { readonly values: readonly number[]; readonly tolerance: readonly (number | null)[] }
    >
  >;
  readonly scalars: { readonly igGap: number; readonly projectionSeed: number };
  readonly attacks: Readonly<Record<string, AttackRecord>>;
  readonly samples?: Samples;
}

/** An attack on the reference image. */
export interface AttackRecord {
  readonly l2: number;
  readonly top1: number;
  readonly success: boolean;
  readonly crossEntropy: number;
  readonly crossEntropyPerStep?: readonly number[];
  readonly iterations?: number;
}

/** Attacks on a set of images. */
interface Samples extends Readonly<
  Record<'fgsm' | 'pgd' | 'fgsm_margin' | 'pgd_margin', readonly SampleRow[]> &
    Record<
      'deepfool' | 'deepfool_clipped',
      {
        readonly iterations: readonly number[];
        readonly float32Iterations: readonly number[];
        readonly l2: readonly number[];
      }
    >
> {
  readonly files: readonly string[];
  readonly labels: readonly number[];
}

/** An attack with one epsilon. */
interface SampleRow {
  readonly eps255: number;
  readonly success: readonly boolean[];
  readonly robustAccuracy: number;
}

/** ||mine - theirs|| / ||theirs||. */
export function relativeL2(mine: ArrayLike<number>, theirs: ArrayLike<number>): number {
  let difference = 0;
  let total = 0;
  for (let i = 0; i < theirs.length; i++) {
    difference += (mine[i]! - theirs[i]!) ** 2;
    total += theirs[i]! ** 2;
  }
  return mine.length === theirs.length ? Math.sqrt(difference / total) : Infinity;
}

/** A photo of the folder, as values from 0 to 1. */
export function photo(file: string, channels: number): Float32Array {
  return planesOf(readPng(readFileSync(`${shared}photos/${file}`)), channels);
}

/** A reference network with what its folder says. */
export function open(name: string): {
  network: Network;
  manifest: Manifest;
  array: (file: string) => Tensor;
  /** Undefined where the reference says not to compare the image. */
  tolerance: (file: string) => number | undefined;
  /** The image that is attacked, in [0, 1]. */
  pixels: (channels: number) => Float32Array;
} {
  const folder = `${shared}oracles/${name}/`;
  const manifest = JSON.parse(readFileSync(`${folder}manifest.json`, 'utf8')) as Manifest;
  const readme = readFileSync(`${folder}README.md`, 'utf8').split('\n');
  const { channelOrder, ...rest } = manifest.input.preprocessing;
  const order = channelOrder === 'RGB' || channelOrder === 'BGR' ? channelOrder : 'GRAY';
  const network = describeNetwork(read(readFileSync(folder + manifest.model)), {
    preprocessing: { ...rest, channelOrder: order },
  });
  return {
    network,
    manifest,
    array: (file) => readNpy(readFileSync(`${folder}${file}.npy`)) as Tensor,
    pixels(channels) {
      const { attackImage } = manifest.choices;
      return attackImage === manifest.input.cropFile
        ? planesOf(readPng(readFileSync(folder + attackImage)), channels)
        : photo(attackImage, channels);
    },
    tolerance(file) {
      const row = readme.find((line) => line.startsWith(`| ${file} |`));
      const text = row?.split('|').at(-2)?.trim();
      if (text === '-') return undefined;
      const value = Number(text);
      if (!(value > 0)) throw new Error(`${name}: no tolerance for ${file}`);
      return value;
    },
  };
}
