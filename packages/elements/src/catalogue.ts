import type { Preprocessing } from '@convlens/adapters';
import { LensError } from '@convlens/onnx';
import { resolveFile } from './environment.js';

/** An embedded network, as the manifest describes it. */
export interface NetworkEntry {
  readonly id: string;
  readonly family: string;
  readonly title: string;
  /** One plain sentence about it. */
  readonly about: string;
  readonly file: string;
  readonly bytes: number;
  /** Lower-case hex. */
  readonly sha256: string;
  readonly input: { readonly name: string; readonly shape: readonly [number, number, number] };
  readonly preprocessing: Preprocessing;
  /** File with one class name a line. */
  readonly labels: string;
  readonly trainingData: string;
  /** 0..1, on the validation images named in the manifest. */
  readonly accuracy: { readonly top1: number; readonly top5: number };
  readonly licence: string;
}

/** A sample picture. */
export interface Sample {
  readonly id: string;
  readonly title: string;
  readonly file: string;
}

async function fetchJson<T>(url: string, what: string): Promise<T> {
  try {
    const response = await fetch(url);
    if (!response.ok) throw new Error(`status ${response.status}`);
    return (await response.json()) as T;
  } catch (cause) {
    throw new LensError(
      'E_FETCH',
      `The list of ${what} could not be fetched from ${url}. Reload the page; if it stays, the folder is missing.`,
      { cause },
    );
  }
}

const once = <T>(load: () => Promise<T>): (() => Promise<T>) => {
  let loaded: Promise<T> | undefined;
  return () => {
    loaded ??= load().catch((error: unknown) => {
      loaded = undefined;
      throw error;
    });
    return loaded;
  };
};

/** The embedded networks. */
export const networkEntries: () => Promise<readonly NetworkEntry[]> = once(async () => {
  const { networks } = await fetchJson<{ networks: NetworkEntry[] }>(
    resolveFile('models', 'manifest.json'),
    'networks',
  );
  return networks;
});

/** The sample pictures. */
export const samples: () => Promise<readonly Sample[]> = once(async () => {
  return fetchJson<Sample[]>(resolveFile('samples', 'samples.json'), 'sample pictures');
});

async function fetchLabels({ labels, title }: NetworkEntry): Promise<readonly string[]> {
  const url = resolveFile('models', labels);
  try {
    const response = await fetch(url);
    if (!response.ok) throw new Error(`status ${response.status}`);
    return (await response.text()).split('\n').filter((line) => line !== '');
  } catch (cause) {
    throw new LensError(
      'E_FETCH',
      `The class names of ${title} could not be fetched from ${url}. Check the connection and try again.`,
      { cause },
    );
  }
}

const labelFiles = new Map<string, Promise<readonly string[]>>();

/**
 * Class names of an embedded network, in the order of its outputs.
 *
 * @param entry of the manifest
 * @throws LensError `E_FETCH`
 */
export function classNames(entry: NetworkEntry): Promise<readonly string[]> {
  let names = labelFiles.get(entry.labels);
  if (!names) {
    names = fetchLabels(entry).catch((error: unknown) => {
      // Asked for again next time.
      labelFiles.delete(entry.labels);
      throw error;
    });
    labelFiles.set(entry.labels, names);
  }
  return names;
}
