import { readFileSync } from 'node:fs';
import { readNpy } from '@convlens/data';
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

/**
 * Activations computed in the page by the engine of the viewer on it: the whole way a person's picture goes, from
 * the file through decoding, cropping and preprocessing to the maps.
 *
 * @returns values by ONNX value name, and which runtime computed them
 */
export async function computeInPage(
  page: Page,
  reference: Reference,
  runtime: Runtime,
): Promise<{ runtime: string; values: Record<string, Float32Array> }> {
  await page.route('**/reference/*', (route) => {
    const path = route.request().url().endsWith('model') ? reference.model : reference.crop;
    return route.fulfill({ path, contentType: 'application/octet-stream' });
  });
  const answer = await page.evaluate(
    async ({ values, runtime, preprocessing }) => {
      const { engine } = document.querySelector('filter-viewer')!;
      const blob = async (url: string): Promise<Blob> => (await fetch(url)).blob();
      const knowledge = { preprocessing };
      const network = await engine.openNetwork({
        id: 'reference',
        blob: await blob('reference/model'),
        knowledge,
      });
      await engine.openImage({ id: 'reference', blob: await blob('reference/crop') });
      const report = await engine.useBackend(runtime);
      const layers = values.flatMap(
        (value) => network.layers.find((layer) => layer.value === value)?.id ?? [],
      );
      const { layers: maps, logits } = await engine.activations({
        network: 'reference',
        image: 'reference',
        layers,
        scores: true,
      });
      const base64 = (data: Float32Array): string => {
        const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
        let text = '';
        for (let i = 0; i < bytes.length; i += 32_768) {
          text += String.fromCharCode(...bytes.subarray(i, i + 32_768));
        }
        return btoa(text);
      };
      const results: Record<string, string> = {};
      maps.forEach(({ layer, activation }) => {
        const { value } = network.layers.find(({ id }) => id === layer)!;
        results[value] = base64(activation.data);
      });
      if (network.logits && logits) results[network.logits.value] ??= base64(logits);
      await engine.closeNetwork('reference');
      return { runtime: report.runtime, results };
    },
    {
      values: reference.arrays.map(({ value }) => value),
      runtime,
      preprocessing: reference.preprocessing,
    },
  );
  const values = Object.fromEntries(
    Object.entries(answer.results).map(([name, text]) => {
      const bytes = Buffer.from(text, 'base64');
      return [
        name,
        new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length)),
      ];
    }),
  );
  return { runtime: answer.runtime, values };
}

/**
 * Projections and saliency computed in the page by the engine of the viewer on it.
 *
 * @returns values by the name of their reference file, and which runtime computed them
 */
export async function deriveInPage(
  page: Page,
  reference: Reference,
  runtime: Runtime,
): Promise<{ runtime: string; values: Record<string, number[]> }> {
  await page.route('**/reference/*', (route) => {
    const path = route.request().url().endsWith('model') ? reference.model : reference.crop;
    return route.fulfill({ path, contentType: 'application/octet-stream' });
  });
  const { middle, channel, target, preprocessing } = reference;
  return page.evaluate(
    async ({ middle, channel, target, runtime, preprocessing }) => {
      const { engine } = document.querySelector('filter-viewer')!;
      const blob = async (url: string): Promise<Blob> => (await fetch(url)).blob();
      const [network, image] = ['reference', 'reference'];
      const summary = await engine.openNetwork({
        id: network,
        blob: await blob('reference/model'),
        knowledge: { preprocessing },
      });
      await engine.openImage({ id: image, blob: await blob('reference/crop') });
      const report = await engine.useBackend(runtime);
      const layer = summary.layers.find(({ value }) => value === middle)!.id;
      const { projections } = await engine.projections({
        network,
        image,
        target: { kind: 'unit', layer, channel },
        rules: ['deconvnet', 'guided'],
      });
      const saliency = await engine.attribution({
        network,
        image,
        target: { kind: 'class', index: target },
        method: 'saliency',
      });
      return {
        runtime: report.runtime,
        values: {
          proj_deconv: [...projections[0]!.projection.data],
          proj_guided: [...projections[1]!.projection.data],
          saliency: [...saliency.map.data],
        },
      };
    },
    { middle, channel, target, runtime, preprocessing },
  );
}
