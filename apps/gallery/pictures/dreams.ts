import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Preprocessing } from '@convlens/adapters';
import { classGoal, dreamRecipe, presets, visualizeRecipe, type Recipe } from '@convlens/core';
import { resizeBilinear } from '@convlens/data';
import { readPng, writePng } from '@convlens/data/png';
import { createNodeEngine, type ImageHandle, type NetworkHandle } from '@convlens/engine/node';
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

/**
 * Renders pictures of classes and dreams for the front page, each with the link to the studio that makes it again.
 *
 * @param modelsFolder folder with the networks
 * @param samplesFolder folder with the sample pictures
 * @returns file contents by path, and what is said of them
 */
export async function renderDreams(
  modelsFolder: string,
  samplesFolder: string,
): Promise<{ files: Map<string, Uint8Array>; living: Living[] }> {
  const files = new Map<string, Uint8Array>();
  const living: Living[] = [];
  const engine = createNodeEngine();
  const open = new Map<string, NetworkHandle>();
  const { networks } = JSON.parse(readFileSync(join(modelsFolder, 'manifest.json'), 'utf8')) as {
    networks: {
      id: string;
      title: string;
      file: string;
      labels: string;
      preprocessing: Preprocessing;
    }[];
  };
  const make = async (
    id: string,
    recipe: Recipe,
    name: string,
    what: string,
    hash: string,
    image?: ImageHandle,
  ): Promise<void> => {
    const { title } = networks.find((network) => network.id === id)!;
    const { frame } = await engine.run('recipe', {
      network: open.get(id)!.id,
      recipe,
      ...(image && { image: image.id }),
    });
    const [picture] = frame.pictures;
    const { width, height } = picture!;
    const path = `pictures/wall-${id}-${name}.png`;
    const whole = { left: 0, top: 0, width, height };
    files.set(path, writePng(resizeBilinear(picture!, whole, SIDE, SIDE)));
    living.push({
      app: 'dream-studio',
      file: path,
      title: `${title}, ${what}`,
      hash: `network=${id}&${hash}`,
    });
  };
  for (const { id, file, preprocessing } of networks) {
    const wanted = [...CLASSES, ...DREAMS].some(([network]) => network === id);
    if (!wanted) continue;
    const url = join(modelsFolder, file);
    open.set(id, await engine.openNetwork({ id, url, knowledge: { preprocessing } }));
  }
  const labels = readFileSync(join(modelsFolder, networks[0]!.labels), 'utf8').split('\n');
  for (const [id, index] of CLASSES) {
    const [preset] = presets({ input: { name: 'input', shape: [3, 64, 64] } });
    const recipe = visualizeRecipe(id, [classGoal(index)], preset!);
    await make(
      id,
      recipe,
      `class-${index}`,
      `what it takes for a ${labels[index]!}`,
      `target=${index}`,
    );
  }
  for (const [id, layer, sample] of DREAMS) {
    const pixels = readPng(readFileSync(join(samplesFolder, `${sample}.png`)));
    const image = await engine.openImage({ pixels });
    const recipe = { ...dreamRecipe(id, [{ kind: 'layer', layer }], sample), size: 512 };
    await make(
      id,
      recipe,
      `dream-${sample}`,
      `dreaming of ${layer}`,
      `make=dream&image=${sample}&layer=${layer}`,
      image,
    );
  }
  return { files, living };
}
