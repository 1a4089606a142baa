import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Preprocessing } from '@convlens/adapters';
import { classGoal, presets, visualizeRecipe, type Preset } from '@convlens/core';
import { resizeBilinear, type Pixels } from '@convlens/data';
import { writePng } from '@convlens/data/png';
import { createNodeEngine } from '@convlens/engine/node';

/** The network with the clearest pictures. */
const NETWORK = 'resnet18-robust';
/** Its file. */
export const SHEETS_OF = `${NETWORK}.onnx`;
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

/** A painter of some classes by a preset, with the network that has the clearest pictures. */
async function painter(modelsFolder: string): Promise<{
  readonly known: readonly Preset[];
  readonly count: number;
  readonly make: (
    indices: readonly number[],
    preset: Preset,
    steps?: number,
  ) => Promise<readonly Pixels[]>;
}> {
  const { networks } = JSON.parse(readFileSync(join(modelsFolder, 'manifest.json'), 'utf8')) as {
    networks: { id: string; file: string; preprocessing: Preprocessing }[];
  };
  const { file, preprocessing } = networks.find(({ id }) => id === NETWORK)!;
  const engine = createNodeEngine();
  const source = { id: NETWORK, url: join(modelsFolder, file), knowledge: { preprocessing } };
  const { id, summary } = await engine.openNetwork(source);
  return {
    known: presets(summary),
    count: summary.logits?.classes ?? 0,
    make: async (indices, preset, steps = preset.settings.steps) => {
      const goals = indices.map((index) => classGoal(index));
      const recipe = { ...visualizeRecipe(NETWORK, goals, preset), steps };
      return (await engine.run('recipe', { network: id, recipe })).frame.pictures;
    },
  };
}

/**
 * Paints every class, as a sheet for the list of the studio.
 *
 * @param modelsFolder folder with the networks
 * @returns a PNG file
 */
export async function paintClasses(modelsFolder: string): Promise<Uint8Array> {
  const { known, count, make } = await painter(modelsFolder);
  const classes: Pixels[] = [];
  for (let first = 0; first < count; first += AT_ONCE) {
    const indices = Array.from({ length: Math.min(AT_ONCE, count - first) }, (_, i) => first + i);
    classes.push(...(await make(indices, known[0]!, STEPS)));
  }
  return sheet(classes);
}

/**
 * Paints one class by every preset, as a sheet for the list of the studio.
 *
 * @param modelsFolder folder with the networks
 * @returns a PNG file
 */
export async function paintPresets(modelsFolder: string): Promise<Uint8Array> {
  const { known, make } = await painter(modelsFolder);
  const ways: Pixels[] = [];
  for (const preset of known) ways.push(...(await make([EXAMPLE], preset)));
  return sheet(ways);
}
