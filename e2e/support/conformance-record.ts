import { mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Runtime } from './conformance.js';

/** What was compared with the reference results. */
export type Kind = 'activations' | 'derivatives' | 'operators';

/** How near a runtime came. */
export interface Nearness {
  readonly runtime: string;
  readonly network: string;
  readonly kind: Kind;
  /** Error over tolerance, of every array that was compared. */
  readonly parts: readonly number[];
}

const folder = fileURLToPath(new URL('../artifacts/conformance/', import.meta.url));

/** Everything, as for the table in the docs; else what a change is checked with. */
export const everything = process.env.CONVLENS_CONFORMANCE === 'full';

/** On emulated GPUs: minutes each, and their operators are among those of the others. */
const SLOW: Readonly<Partial<Record<Runtime, readonly string[]>>> = {
  'ort-webgpu': ['activations googlenet', 'derivatives googlenet', 'derivatives squeezenet1_1'],
  'tfjs-webgl': ['activations googlenet', 'derivatives googlenet', 'derivatives squeezenet1_1'],
  'tfjs-webgpu': [
    ...['derivatives googlenet', 'derivatives squeezenet1_1', 'derivatives embedded_densenet'],
    'activations googlenet',
  ],
};

/** Whether something is compared in this run. */
export function isChecked(runtime: Runtime, network: string, kind: Kind): boolean {
  return everything || !SLOW[runtime]?.includes(`${kind} ${network}`);
}

/** Keeps a result for the table in the docs. */
export function record(result: Nearness): void {
  mkdirSync(folder, { recursive: true });
  const { runtime, network, kind } = result;
  writeFileSync(`${folder}${runtime}-${network}-${kind}.json`, JSON.stringify(result));
}
