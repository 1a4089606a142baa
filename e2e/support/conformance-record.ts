import { mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { full } from '@convlens/tooling/tier.mjs';
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

/** On emulated GPUs: more than ten minutes each, and their operators are among those of the others. */
const NEVER: readonly string[] = [
  'ort-webgpu derivatives googlenet',
  'tfjs-webgpu derivatives googlenet',
];

/** Trained on ImageNet: compared with all references in Node (packages/cli). */
const LARGE: readonly string[] = ['googlenet', 'squeezenet1_1'];

/** Whether something is compared in this run: all networks where everything is tested, else one on each GPU runtime. */
export function isChecked(runtime: Runtime, network: string, kind: Kind): boolean {
  if (full) return !NEVER.includes(`${runtime} ${kind} ${network}`);
  return runtime.endsWith('wasm') ? !LARGE.includes(network) : network === 'mnist';
}

/** Keeps a result for the table in the docs. */
export function record(result: Nearness): void {
  mkdirSync(folder, { recursive: true });
  const { runtime, network, kind } = result;
  writeFileSync(`${folder}${runtime}-${network}-${kind}.json`, JSON.stringify(result));
}
