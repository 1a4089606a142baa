import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describeNetwork, type Network, type Preprocessing } from '@convlens/adapters';
import { readNpy } from '@convlens/data';
import { read, type TensorData } from '@convlens/onnx';

type Tensor = TensorData<'float32'>;

const shared = fileURLToPath(new URL('../../../../../shared/', import.meta.url));
/** Names of the reference networks; none where the folder beside the project is missing. */
export const oracles = existsSync(`${shared}oracles`)
  ? readdirSync(`${shared}oracles`).filter((name) =>
      existsSync(`${shared}oracles/${name}/manifest.json`),
    )
  : [];

/** What a reference network says of itself. */
export interface Manifest {
  readonly model: string;
  readonly input: {
    readonly preprocessing: Omit<Preprocessing, 'channelOrder'> & { channelOrder: string };
  };
  readonly middle: string;
  readonly cam: string;
  readonly choices: {
    readonly class: number;
    readonly projection: readonly [number, number, number];
    readonly ascentClass: number;
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

/** A reference network with what its folder says. */
export function open(name: string): {
  network: Network;
  manifest: Manifest;
  array: (file: string) => Tensor;
  /** Undefined where the reference says not to compare the image. */
  tolerance: (file: string) => number | undefined;
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
