import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { readNpy } from '@convlens/data';
import { read, type Graph, type TensorData } from '@convlens/onnx';
import { unzipSync } from 'fflate';

const folder = fileURLToPath(
  new URL('../../../../../shared/references/training/', import.meta.url),
);

/** Whether the trajectories that PyTorch took are there. */
export const hasTrainingReferences = existsSync(folder);

/** One trajectory of 50 steps. */
export interface Trajectory {
  readonly network: 'efl' | 'mlp' | 'cnn' | 'bn';
  readonly loss: string;
  readonly optimizer: string;
  readonly parameters: {
    readonly lr: number;
    readonly betas?: readonly [number, number];
    readonly eps?: number;
  };
  readonly file: string;
  readonly noise: Readonly<Record<'1' | '10' | '50', number>>;
}

export function trajectories(): readonly Trajectory[] {
  const manifest = JSON.parse(readFileSync(`${folder}manifest.json`, 'utf8')) as {
    readonly cases: readonly Trajectory[];
  };
  return manifest.cases;
}

const archives = new Map<string, Readonly<Record<string, TensorData>>>();

/** The arrays of an archive, by name. */
export function arraysOf(file: string): Readonly<Record<string, TensorData>> {
  let arrays = archives.get(file);
  if (!arrays) {
    const entries = Object.entries(unzipSync(readFileSync(folder + file)));
    arrays = Object.fromEntries(
      entries.map(([name, bytes]) => [name.replace(/\.npy$/, ''), readNpy(bytes)]),
    );
    archives.set(file, arrays);
  }
  return arrays;
}

export function networkOf(name: Trajectory['network']): Graph {
  return read(readFileSync(`${folder}${name}.onnx`));
}
