import { expect, it } from 'vitest';
import { Goals, invertRecipe } from '@convlens/core';
import { cropToInput, type Pixels } from '@convlens/data';
import { LATER } from '@convlens/tooling/tier.mjs';
import {
  contactSheet,
  embedded,
  executor,
  fed,
  follow,
  isPictured,
  openEmbedded,
  sample,
} from './support/pictures.js';

/** Layers of growing depth: the first rectified one, and ends of stages. */
const LAYERS: Readonly<Record<string, readonly string[]>> = {
  resnet18: ['relu', 'layer1.1.relu', 'layer2.1.relu', 'layer3.1.relu'],
  vgg11: ['relu1_1', 'relu2_1', 'relu3_2', 'relu4_2'],
  alexnet: ['relu1', 'relu2', 'relu3', 'relu5'],
  densenet: ['relu0', 'denseblock1', 'denseblock2', 'denseblock3'],
  'resnet18-robust': ['relu', 'layer1.1.relu', 'layer2.1.relu', 'layer3.1.relu'],
};
const image = sample('lemon');
const rows: Pixels[][] = [];

it.for(embedded)(
  '%s: an early layer is matched to a tenth, loss and distance of the picture grow layer by layer',
  { timeout: 240_000 },
  async (id, { skip }) => {
    skip(!isPictured(id), LATER);
    const network = openEmbedded(id);
    const goals = new Goals(network, executor);
    const original = fed(network, image);
    const length = Math.hypot(...original);
    const losses: number[] = [];
    const distances: number[] = [];
    const row = [cropToInput(image, network.input.shape[1], network.input.shape[2])];
    for (const layer of LAYERS[id]!) {
      const { pictures, values } = await follow(goals, invertRecipe(id, network, layer, 'lemon'), {
        image,
      });
      losses.push(-values[0]!);
      const rebuilt = fed(network, pictures[0]!);
      distances.push(Math.hypot(...rebuilt.map((v, i) => v - original[i]!)) / length);
      row.push(pictures[0]!);
    }
    rows.push(row);
    contactSheet('inversions', rows);
    await goals.dispose();
    const words = (list: number[]): string => list.map((value) => value.toFixed(3)).join(' ');
    console.log(`${id}: loss ${words(losses)}; distance of the picture ${words(distances)}`);
    expect(losses[0]).toBeLessThan(0.1);
    for (let i = 1; i < 4; i++) {
      expect(distances[i]).toBeGreaterThan(distances[i - 1]!);
      expect(losses[i]).toBeGreaterThan(losses[i - 1]!);
    }
  },
);
