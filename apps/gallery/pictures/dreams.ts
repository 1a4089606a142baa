import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Preprocessing } from '@convlens/adapters';
import { classGoal, dreamRecipe, presets, visualizeRecipe, type Recipe } from '@convlens/core';
import { resizeBilinear } from '@convlens/data';
import { readPng, writePng } from '@convlens/data/png';
import { createNodeEngine } from '@convlens/engine/node';
import type { Living } from './front.js';

const SIDE = 240;

/** Classes on the wall, by the network that draws them: indices of the label file. */
const CLASSES = [
  ['resnet18-robust', 48],
  ['vgg11', 13],
  ['vgg11', 4],
] as const;

/** Images that dream: network, layer, sample. */
const DREAMS = [['resnet18', 'layer3.0.relu', 'seashore']] as const;

interface Entry {
  readonly id: string;
  readonly title: string;
  readonly file: string;
  readonly labels: string;
  readonly preprocessing: Preprocessing;
}

/** A picture of the front page that a network has to be run hundreds of times for. */
export interface Dream extends Living {
  /** What it is made of. */
  readonly recipe: Recipe;
  /** The network's file. */
  readonly model: string;
  readonly preprocessing: Preprocessing;
}

/**
 * What is painted for the front page: pictures of classes and dreams, each with the link to the studio that makes it
 * again.
 *
 * @param modelsFolder folder with the networks
 */
export function dreams(modelsFolder: string): Dream[] {
  const { networks } = JSON.parse(readFileSync(join(modelsFolder, 'manifest.json'), 'utf8')) as {
    networks: Entry[];
  };
  const labels = readFileSync(join(modelsFolder, networks[0]!.labels), 'utf8').split('\n');
  const dream = (id: string, recipe: Recipe, name: string, what: string, hash: string): Dream => {
    const { title, file, preprocessing } = networks.find((network) => network.id === id)!;
    return {
      app: 'dream-studio',
      file: `pictures/wall-${id}-${name}.png`,
      title: `${title}, ${what}`,
      hash: `network=${id}&${hash}`,
      recipe,
      model: join(modelsFolder, file),
      preprocessing,
    };
  };
  const [preset] = presets({ input: { name: 'input', shape: [3, 64, 64] } });
  return [
    ...CLASSES.map(([id, index]) =>
      dream(
        id,
        visualizeRecipe(id, [classGoal(index)], preset!),
        `class-${index}`,
        `what it takes for a ${labels[index]!}`,
        `target=${index}`,
      ),
    ),
    ...DREAMS.map(([id, layer, sample]) =>
      dream(
        id,
        { ...dreamRecipe(id, [{ kind: 'layer', layer }], sample), size: 512 },
        `dream-${sample}`,
        `dreaming of ${layer}`,
        `make=dream&image=${sample}&layer=${layer}`,
      ),
    ),
  ];
}

/**
 * Paints a dream.
 *
 * @param dream what is painted
 * @param sample path of the PNG file that dreams, if one does
 * @returns a PNG file
 */
export async function paintDream(dream: Dream, sample?: string): Promise<Uint8Array> {
  const { recipe, model, preprocessing } = dream;
  const engine = createNodeEngine();
  const source = { id: recipe.network, url: model, knowledge: { preprocessing } };
  const { id: network } = await engine.openNetwork(source);
  const image =
    sample === undefined
      ? undefined
      : await engine.openImage({ pixels: readPng(readFileSync(sample)) });
  const request = { network, recipe, ...(image && { image: image.id }) };
  const { frame } = await engine.run('recipe', request);
  const [picture] = frame.pictures;
  const { width, height } = picture!;
  const whole = { left: 0, top: 0, width, height };
  return writePng(resizeBilinear(picture!, whole, SIDE, SIDE));
}
