import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { readNpy } from '@convlens/data';

const places = ['../../../../../shared', '../../../../shared'].map((path) =>
  fileURLToPath(new URL(path, import.meta.url)),
);

/** The folder with real networks and reference results; tests that need it are skipped where it is not there. */
const shared = places.find(existsSync) ?? places[0]!;

/** Whether a part of the folder is there. */
export function has(path: string): boolean {
  return existsSync(`${shared}/${path}`);
}

/** The bytes of a file in the folder. */
export function load(path: string): Uint8Array {
  return readFileSync(`${shared}/${path}`);
}

/** A JSON file in the folder. */
export function loadJson<T>(path: string): T {
  return JSON.parse(readFileSync(`${shared}/${path}`, 'utf8')) as T;
}

/** A float32 array in the folder. */
export function loadArray(path: string): { shape: readonly number[]; data: Float32Array } {
  const { shape, data } = readNpy(load(path));
  return { shape, data: data as Float32Array };
}
