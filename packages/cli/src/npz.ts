import { readNpy } from '@convlens/data';
import { openZip } from '@convlens/data/zip';
import type { TensorData } from '@convlens/onnx';
import { readFile } from './files.js';

/**
 * Reads an archive of NumPy arrays.
 *
 * @param path of the .npz file
 * @returns arrays by name
 * @throws LensError `E_FETCH`, `E_ZIP`, `E_NPY`
 */
export async function readNpz(path: string): Promise<ReadonlyMap<string, TensorData>> {
  const entries = await openZip(new Blob([readFile(path) as Uint8Array<ArrayBuffer>]));
  const arrays = new Map<string, TensorData>();
  for (const entry of entries) {
    const name = /^(.*)\.npy$/.exec(entry.name)?.[1];
    if (name !== undefined) arrays.set(name, readNpy(await entry.read()));
  }
  return arrays;
}
