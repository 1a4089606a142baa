import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Preprocessing } from '@convlens/adapters';
import { classGoal, presets, visualizeRecipe, type Preset } from '@convlens/core';
import { resizeBilinear, type Pixels } from '@convlens/data';
import { writePng } from '@convlens/data/png';
import { createNodeEngine } from '@convlens/engine/node';

/** The network with the clearest pictures. */
const NETWORK = 'resnet18-robust';
/** Side of a picture in the sheet, and pictures in a row. */
const TILE = 48;
const COLUMNS = 10;
/** Steps of a picture: enough to tell classes apart. */
const STEPS = 64;
/** Pictures that are optimised at once. */
const AT_ONCE = 16;
/** The class that shows what presets do: a lemon. */
const EXAMPLE = 48;

/** Small pictures side by side in one. */
function sheet(pictures: readonly Pixels[]): Uint8Array {
  const rows = Math.ceil(pictures.length / COLUMNS);
  const width = COLUMNS * TILE;
  const data = new Uint8Array(width * rows * TILE * 4).fill(255);
  for (const [i, picture] of pictures.entries()) {
    const whole = { left: 0, top: 0, width: picture.width, height: picture.height };
    const small = resizeBilinear(picture, whole, TILE, TILE).data;
    const start = (Math.floor(i / COLUMNS) * TILE * width + (i % COLUMNS) * TILE) * 4;
    for (let row = 0; row < TILE; row++) {
      data.set(small.subarray(row * TILE * 4, (row + 1) * TILE * 4), start + row * width * 4);
    }
  }
  return writePng({ width, height: rows * TILE, data });
}

/**
 * Renders a picture of every class, and of one class by every preset, as two sheets for the lists of the studio.
 *
 * @param modelsFolder folder with the networks
 * @returns PNG files by name
 */
export async function renderClasses(modelsFolder: string): Promise<Map<string, Uint8Array>> {
  const { networks } = JSON.parse(readFileSync(join(modelsFolder, 'manifest.json'), 'utf8')) as {
    networks: { id: string; file: string; preprocessing: Preprocessing }[];
  };
  const { file, preprocessing } = networks.find(({ id }) => id === NETWORK)!;
  const engine = createNodeEngine();
  const source = { id: NETWORK, url: join(modelsFolder, file), knowledge: { preprocessing } };
  const { id, summary } = await engine.openNetwork(source);
  const make = async (
    indices: readonly number[],
    preset: Preset,
    steps?: number,
  ): Promise<readonly Pixels[]> => {
    const plain = visualizeRecipe(
      NETWORK,
      indices.map((index) => classGoal(index)),
      preset,
    );
    const recipe = { ...plain, steps: steps ?? plain.steps };
    return (await engine.run('recipe', { network: id, recipe })).frame.pictures;
  };
  const known = presets(summary);
  const classes: Pixels[] = [];
  const count = summary.logits?.classes ?? 0;
  for (let first = 0; first < count; first += AT_ONCE) {
    const indices = Array.from({ length: Math.min(AT_ONCE, count - first) }, (_, i) => first + i);
    classes.push(...(await make(indices, known[0]!, STEPS)));
  }
  const ways: Pixels[] = [];
  for (const preset of known) ways.push(...(await make([EXAMPLE], preset)));
  return new Map([
    ['class-pictures.png', sheet(classes)],
    ['preset-pictures.png', sheet(ways)],
  ]);
}
