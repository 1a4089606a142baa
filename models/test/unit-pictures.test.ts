import { expect, it } from 'vitest';
import { FeatureMaps, findLayer, Goals, presets, visualizeRecipe } from '@convlens/core';
import type { Pixels } from '@convlens/data';
import { sampleScenes } from '@convlens/data/samples';
import { float32 } from '@convlens/onnx';
import { full, LATER } from '@convlens/tooling/tier.mjs';
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

/** As the layer sheets of the dream studio are made. */
const STEPS = 64;
const AT_ONCE = 8;
const CHANNELS = full ? 64 : 16;
/** A layer about half-way up with at least 64 channels. */
const LAYERS: Readonly<Record<string, string>> = {
  resnet18: 'layer3.1.relu',
  vgg11: 'relu4_2',
  alexnet: 'relu4',
  densenet: 'denseblock3',
  'resnet18-robust': 'layer3.1.relu',
};

it.for(embedded)(
  '%s: at least nine of ten pictures of a sheet excite their channel more than any sample does',
  { timeout: 240_000 },
  async (id, { skip }) => {
    skip(!isPictured(id), LATER);
    const network = openEmbedded(id);
    const layer = findLayer(network, LAYERS[id]!);
    const maps = new FeatureMaps(network, executor);
    const means = async (picture: Pixels): Promise<Float32Array> => {
      const input = float32(fed(network, picture), [1, ...network.input.shape]);
      const found = (await maps.read(input, [layer.value])).get(layer.value)!;
      const plane = found.data.length / layer.shape[0]!;
      return Float32Array.from({ length: CHANNELS }, (_, c) => {
        const own = found.data.subarray(c * plane, (c + 1) * plane);
        return own.reduce((sum, value) => sum + value, 0) / plane;
      });
    };
    const best = new Float32Array(CHANNELS).fill(-Infinity);
    for (const { id: scene } of sampleScenes) {
      const found = await means(sample(scene));
      found.forEach((value, c) => (best[c] = Math.max(best[c]!, value)));
    }
    const goals = new Goals(network, executor);
    const [preset] = presets(network);
    const rows: Pixels[][] = [];
    const weak: string[] = [];
    for (let first = 0; first < CHANNELS; first += AT_ONCE) {
      const wanted = Array.from({ length: AT_ONCE }, (_, i) => [
        { kind: 'channel', layer: layer.id, channel: first + i } as const,
      ]);
      const recipe = { ...visualizeRecipe(id, wanted, preset!), steps: STEPS };
      const { pictures } = await follow(goals, recipe);
      rows.push(pictures);
      for (const [i, picture] of pictures.entries()) {
        const channel = first + i;
        const value = (await means(picture))[channel]!;
        if (value <= best[channel]!)
          weak.push(`${channel} (${(value / best[channel]!).toFixed(2)})`);
      }
    }
    contactSheet(`sheet-${id}`, rows);
    await goals.dispose();
    await maps.dispose();
    console.log(
      `${id} ${layer.id}: ${CHANNELS - weak.length} of ${CHANNELS}; not: ${weak.join(' ')}`,
    );
    expect(CHANNELS - weak.length).toBeGreaterThanOrEqual(0.9 * CHANNELS);
  },
);
