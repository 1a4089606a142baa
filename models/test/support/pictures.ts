import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { describeNetwork, type Knowledge, type Network } from '@convlens/adapters';
import { Ascent, startRun, type Goals, type Recipe, type RecipeImages } from '@convlens/core';
import { cropToInput, toInput, type Pixels } from '@convlens/data';
import { readPng, writePng } from '@convlens/data/png';
import { createNodeExecutor } from '@convlens/engine/node';
import { read } from '@convlens/onnx';
import { full } from '@convlens/tooling/tier.mjs';

const here = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const shared = here('../../shared/real/');

interface Entry {
  readonly id: string;
  readonly title: string;
  readonly file: string;
  readonly preprocessing: NonNullable<Knowledge['preprocessing']>;
  readonly labels: string;
}

const { networks } = JSON.parse(readFileSync(here('manifest.json'), 'utf8')) as {
  networks: Entry[];
};
const lines = (path: string): string[] => readFileSync(path, 'utf8').trim().split('\n');

/** Ids of the embedded networks. */
export const embedded = networks.map(({ id }) => id);
/**
 * Whether pictures are made of a network in this run: hundreds of steps take a minute each, and what makes them is the
 * same for all, so that one tells of a wrong change.
 */
export const isPictured = (id: string): boolean => full || id === 'alexnet';
/** Whether the real networks lie beside the project. */
export const hasReal = existsSync(`${shared}models.json`);
/** What runs the networks, on one core: another suite is tested on the other. */
export const executor = createNodeExecutor();

/** An embedded network. */
export function openEmbedded(id: string): Network {
  const { file, title, preprocessing, labels } = networks.find((entry) => entry.id === id)!;
  const knowledge = { title, preprocessing, classes: lines(here(labels)) };
  return describeNetwork(read(readFileSync(here(file))), knowledge);
}

/** A network trained on ImageNet. */
export function openReal(id: string): Network {
  interface Real extends Omit<Entry, 'preprocessing'> {
    readonly input: NonNullable<Knowledge['preprocessing']>;
    readonly classes: string;
  }
  const { models } = JSON.parse(readFileSync(`${shared}models.json`, 'utf8')) as { models: Real[] };
  const { file, input, classes } = models.find((entry) => entry.id === id)!;
  const { channelOrder, range, mean, std } = input;
  const preprocessing = { channelOrder, range, mean, std };
  const knowledge = { title: id, preprocessing, classes: lines(shared + classes) };
  return describeNetwork(read(readFileSync(shared + file)), knowledge);
}

/** Follows a recipe to its end: pictures, and what the network said in the last step. */
export async function follow(
  goals: Goals,
  recipe: Recipe,
  images: RecipeImages = {},
): Promise<{ pictures: Pixels[]; values: Float32Array }> {
  const run = startRun(goals, recipe, images);
  let values = new Float32Array();
  while (run.done < run.total) values = Float32Array.from((await run.step()).values);
  return { pictures: run.pictures(), values };
}

/** A sample in the size that visitors see; rendering it takes seconds, and the build has. */
export function sample(id: string): Pixels {
  const { resolve } = createRequire(import.meta.url);
  return readPng(readFileSync(resolve(`@convlens/data/pictures/${id}.png`)));
}

/** A picture of 8 bits as a network is fed it. */
export function fed({ input, preprocessing }: Network, picture: Pixels): Float32Array {
  const [channels, height, width] = input.shape;
  return toInput(cropToInput(picture, height, width), channels, preprocessing).data;
}

/**
 * How probable a network finds a class in a picture, as it is and under random views.
 *
 * @returns one number a view; a single one without transforms
 */
export async function probabilities(
  goals: Goals,
  picture: Pixels,
  index: number,
  transforms: NonNullable<ConstructorParameters<typeof Ascent>[1]['transforms']> = [],
): Promise<number[]> {
  const views = transforms.length > 0 ? 10 : 1;
  const look = new Ascent(goals, {
    goals: Array.from({ length: views }, () => [{ kind: 'probability', index } as const]),
    parametrisation: 'pixels',
    optimiser: { kind: 'ascent', rate: 1 },
    // The pictures were made with the seed 1.
    seed: 20_000,
    transforms,
    start: fed(goals.network, picture),
  });
  return Array.from((await look.measure()).values, Math.exp);
}

/** Whole numbers below a count in an order that depends on a seed (Fisher and Yates). */
export function shuffled(count: number, seed: number): number[] {
  const order = Array.from({ length: count }, (_, i) => i);
  let state = seed;
  for (let i = count - 1; i > 0; i--) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    const j = Math.floor((state / 2 ** 32) * (i + 1));
    [order[i], order[j]] = [order[j]!, order[i]!];
  }
  return order;
}

/** Writes pictures of one size as rows of a PNG into `artifacts`, enlarged by a whole number. */
export function contactSheet(name: string, rows: readonly (readonly Pixels[])[], zoom = 2): void {
  const [side, gap] = [rows[0]![0]!.width * zoom, 4];
  const width = Math.max(...rows.map((row) => row.length)) * (side + gap) + gap;
  const height = rows.length * (side + gap) + gap;
  const data = new Uint8Array(width * height * 4).fill(255);
  rows.forEach((row, r) =>
    row.forEach((picture, c) => {
      for (let y = 0; y < side; y++) {
        for (let x = 0; x < side; x++) {
          const from = (Math.floor(y / zoom) * picture.width + Math.floor(x / zoom)) * 4;
          const to = ((gap + r * (side + gap) + y) * width + gap + c * (side + gap) + x) * 4;
          data.set(picture.data.subarray(from, from + 4), to);
        }
      }
    }),
  );
  mkdirSync(here('artifacts'), { recursive: true });
  writeFileSync(here(`artifacts/${name}.png`), writePng({ width, height, data }));
}
