import { readFileSync } from 'node:fs';
import { readNpy } from '@convlens/data';
import type { ImageId, NetworkId } from '@convlens/engine';
import type { Page } from '@playwright/test';

/** Every runtime of a browser. */
export const RUNTIMES = [
  'ort-wasm',
  'ort-webgpu',
  'tfjs-wasm',
  'tfjs-webgl',
  'tfjs-webgpu',
] as const;

/** A runtime of a browser. */
export type Runtime = (typeof RUNTIMES)[number];

/** What is used of a network's reference results. */
export interface Reference {
  readonly name: string;
  readonly folder: string;
  /** ONNX value and tolerance by array name, activations and logits. */
  readonly arrays: readonly {
    readonly name: string;
    readonly value: string;
    readonly tolerance: number;
  }[];
  readonly model: string;
  readonly crop: string;
  /** Value of the layer that is projected, and its channel. */
  readonly middle: string;
  readonly channel: number;
  /** Class whose gradient is stored. */
  readonly target: number;
  readonly preprocessing: {
    readonly channelOrder: 'RGB' | 'BGR' | 'GRAY';
    readonly range: number;
    readonly mean: readonly number[];
    readonly std: readonly number[];
  };
}

interface Manifest {
  readonly model: string;
  readonly input: {
    readonly cropFile: string;
    readonly preprocessing: Omit<Reference['preprocessing'], 'channelOrder'> & {
      readonly channelOrder: string;
    };
  };
  readonly tensors: Readonly<Record<string, { readonly onnx: string }>>;
  readonly middle: string;
  readonly choices: {
    readonly class: number;
    readonly projection: readonly [number, number, number];
  };
  readonly arrays?: Readonly<Record<string, { readonly tolerance?: number | null }>>;
}

/** Reads which arrays there are, what they are called in the ONNX file, and how close a result must come. */
export function readReference(shared: string, name: string): Reference {
  const folder = `${shared}oracles/${name}/`;
  const manifest = JSON.parse(readFileSync(`${folder}manifest.json`, 'utf8')) as Manifest;
  const { preprocessing, cropFile } = manifest.input;
  const order = preprocessing.channelOrder;
  return {
    name,
    folder,
    arrays: Object.entries(manifest.tensors).map(([tensor, { onnx }]) => ({
      name: tensor,
      value: onnx,
      tolerance: toleranceOf(folder, tensor === 'logits' ? tensor : `act_${tensor}`),
    })),
    model: `${folder}${manifest.model}`,
    crop: `${folder}${cropFile}`,
    middle: manifest.middle,
    channel: manifest.choices.projection[0],
    target: manifest.choices.class,
    preprocessing: {
      ...preprocessing,
      channelOrder: order === 'BGR' || order === 'RGB' ? order : 'GRAY',
    },
  };
}

/** The tolerance column of the folder's README: the last number in the row of the array. */
export function toleranceOf(folder: string, file: string): number {
  const row = readFileSync(`${folder}README.md`, 'utf8')
    .split('\n')
    .find((line) => line.startsWith(`| ${file} |`));
  const tolerance = Number(row?.split('|').at(-2));
  if (!(tolerance > 0)) throw new Error(`No tolerance for ${file} in ${folder}README.md`);
  return tolerance;
}

/** The expected values of an array: an activation by its name, or any file of the folder. */
export function expected(reference: Reference, name: string): Float32Array {
  const activation = reference.arrays.some((array) => array.name === name) && name !== 'logits';
  const file = `${activation ? 'act_' : ''}${name}.npy`;
  return readNpy(readFileSync(reference.folder + file)).data as Float32Array;
}

/** Relative L2 distance: ||mine - theirs|| / ||theirs||. */
export function relativeL2(mine: ArrayLike<number>, theirs: ArrayLike<number>): number {
  if (mine.length !== theirs.length) return Infinity;
  let difference = 0;
  let total = 0;
  for (let i = 0; i < theirs.length; i++) {
    difference += (mine[i]! - theirs[i]!) ** 2;
    total += theirs[i]! ** 2;
  }
  return Math.sqrt(difference / total);
}

/** What the page computed, and the runtime that did. */
export interface Computed {
  readonly runtime: string;
  readonly values: Readonly<Record<string, Float32Array>>;
}

/** A reference network that is open in the page: what its layers and its scores are called. */
export interface Opened extends Reference {
  readonly network: NetworkId;
  readonly image: ImageId;
  readonly layers: readonly { readonly id: string; readonly value: string }[];
  readonly logits: string | undefined;
}

/** Opens a reference network and its picture in the engine of the viewer on the page, in the place of the last. */
export async function openReference(page: Page, reference: Reference): Promise<Opened> {
  await page.unrouteAll();
  await page.route('**/reference/*', (route) => {
    const path = route.request().url().endsWith('model') ? reference.model : reference.crop;
    return route.fulfill({ path, contentType: 'application/octet-stream' });
  });
  const opened = await page.evaluate(async (preprocessing) => {
    const { engine } = document.querySelector('filter-viewer')!;
    const blob = async (url: string): Promise<Blob> => (await fetch(url)).blob();
    const kept = globalThis as { last?: readonly Disposable[] };
    for (const handle of kept.last ?? []) handle[Symbol.dispose]();
    const model = { id: 'reference', blob: await blob('reference/model') };
    const network = await engine.openNetwork({ ...model, knowledge: { preprocessing } });
    const image = await engine.openImage({ blob: await blob('reference/crop') });
    kept.last = [network, image];
    const layers = network.summary.layers.map(({ id, value }) => ({ id, value }));
    return {
      layers,
      logits: network.summary.logits?.value,
      network: network.id,
      image: image.id,
    };
  }, reference.preprocessing);
  return { ...reference, ...opened };
}

/**
 * Activations of the open reference: the whole way a person's picture goes, from the file through decoding, cropping and
 * preprocessing to the maps.
 *
 * @returns values by ONNX value name
 */
export async function activationsInPage(
  page: Page,
  { arrays, layers, logits, network, image }: Opened,
  runtime: Runtime,
): Promise<Computed> {
  const wanted = layers.filter((layer) => arrays.some(({ value }) => value === layer.value));
  const answer = await page.evaluate(
    async ({ wanted, logits, runtime, network, image }) => {
      const { engine } = document.querySelector('filter-viewer')!;
      await engine.useBackend(runtime);
      const layers = wanted.map(({ id }) => id);
      const answer = await engine.run('activations', { network, image, layers, scores: true });
      const base64 = (data: Float32Array): string => {
        const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
        let text = '';
        for (let i = 0; i < bytes.length; i += 32_768) {
          text += String.fromCharCode(...bytes.subarray(i, i + 32_768));
        }
        return btoa(text);
      };
      const results: Record<string, string> = {};
      answer.layers.forEach(({ layer, activation }) => {
        results[wanted.find(({ id }) => id === layer)!.value] = base64(activation.data);
      });
      if (logits !== undefined && answer.logits) results[logits] ??= base64(answer.logits);
      return { runtime: answer.backend.runtime, results };
    },
    { wanted, logits, runtime, network, image },
  );
  const floats = (text: string): Float32Array => {
    const { buffer, byteOffset, length } = Buffer.from(text, 'base64');
    return new Float32Array(buffer.slice(byteOffset, byteOffset + length));
  };
  const values = Object.entries(answer.results).map(([name, text]) => [name, floats(text)]);
  return {
    runtime: answer.runtime,
    values: Object.fromEntries(values) as Record<string, Float32Array>,
  };
}

/**
 * Projections and saliency of the open reference.
 *
 * @returns values by the name of their reference file
 */
export async function derivativesInPage(
  page: Page,
  { middle, layers, channel, target, network, image }: Opened,
  runtime: Runtime,
): Promise<Computed> {
  const layer = layers.find(({ value }) => value === middle)!.id;
  const answer = await page.evaluate(
    async ({ layer, channel, target, runtime, network, image }) => {
      const { engine } = document.querySelector('filter-viewer')!;
      await engine.useBackend(runtime);
      const { projections, backend } = await engine.run('projections', {
        ...{ network, image, target: { kind: 'channel', layer, channel } },
        rules: ['deconvnet', 'guided'],
      });
      const saliency = await engine.run('attribution', {
        ...{ network, image, target: { kind: 'class', index: target } },
        method: 'saliency',
      });
      return {
        runtimes: [backend.runtime, saliency.backend.runtime],
        values: {
          proj_deconv: [...projections[0]!.projection.data],
          proj_guided: [...projections[1]!.projection.data],
          saliency: [...saliency.map.data],
        },
      };
    },
    { layer, channel, target, runtime, network, image },
  );
  const values = Object.entries(answer.values).map(([name, data]) => [
    name,
    Float32Array.from(data),
  ]);
  return {
    // Both by the same, or it proves nothing of either.
    runtime: [...new Set(answer.runtimes)].join(' and '),
    values: Object.fromEntries(values) as Record<string, Float32Array>,
  };
}
