import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { readNpy } from '@convlens/data';
import { read, type Graph, type TensorData } from '@convlens/onnx';
import type { LossId, LossSettings, OptimizerSettings } from '@convlens/training';
import { unzipSync } from 'fflate';

const folder = fileURLToPath(
  new URL('../../../../../shared/references/training/', import.meta.url),
);

/** Whether the trajectories that PyTorch took are there. */
export const hasTrainingReferences = existsSync(folder);

/** One trajectory of 50 steps. */
export interface Trajectory {
  readonly network: 'efl' | 'mlp' | 'cnn' | 'bn';
  readonly loss: LossId;
  /** `sgd`, `sgd_l2`, `momentum`, `nesterov`, `adam`, `adam_l2`, `adamw`, `rmsprop`. */
  readonly optimizer: string;
  /** As PyTorch names them. */
  readonly parameters: {
    readonly lr: number;
    readonly momentum?: number;
    readonly nesterov?: boolean;
    readonly weight_decay?: number;
    readonly alpha?: number;
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

/** The ONNX file of a network with its first weights. */
export function networkFile(name: Trajectory['network']): Uint8Array {
  return readFileSync(`${folder}${name}.onnx`);
}

export function networkOf(name: Trajectory['network']): Graph {
  return read(networkFile(name));
}

/** One step's part of what was shown in all of them. */
export function partOf({ shape, data }: TensorData, step: number): Float32Array {
  const length = data.length / shape[0]!;
  return Float32Array.from((data as Float32Array).subarray(step * length, (step + 1) * length));
}

/** What a trajectory made small. */
export function lossOf({ loss }: Trajectory): LossSettings {
  return { kind: loss };
}

/** How its weights followed the gradients. */
export function optimizerOf({ optimizer, parameters }: Trajectory): OptimizerSettings {
  const [name = ''] = optimizer.split('_');
  const kind = name === 'momentum' || name === 'nesterov' ? 'sgd' : name;
  const { weight_decay: weightDecay = 0, ...rest } = parameters;
  return { kind: kind as OptimizerSettings['kind'], weightDecay, ...rest };
}
