import type { Layer } from '@convlens/adapters';
import { RECIPE_VERSION, type AscentRecipe } from './recipe.js';

/** Steps of Mahendran and Vedaldi 2015 with their factors of the rate, shortened from 2,100 to 400. */
const SCHEDULE = [
  { steps: 200, factor: 1 },
  { steps: 100, factor: 0.1 },
  { steps: 60, factor: 0.01 },
  { steps: 40, factor: 0.001 },
];
/** Weight of the total variation at the image. */
const SMOOTHING = 1e-5;
/** How many times stronger it is at the last layer. With 200 the VGG's fourth stage is matched better than its third. */
const GROWTH = 1500;

/** What is read of a network: its layers and what they read. */
export interface LayerGraph {
  readonly layers: readonly Pick<Layer, 'id' | 'kind' | 'from'>[];
}

/** Convolutions and dense layers on the longest way to each layer. */
function depths({ layers }: LayerGraph): ReadonlyMap<string, number> {
  const depth = new Map<string, number>();
  for (const { id, kind, from } of layers) {
    const before = Math.max(0, ...from.map((other) => depth.get(other) ?? 0));
    depth.set(id, before + (kind === 'conv' || kind === 'dense' ? 1 : 0));
  }
  return depth;
}

/**
 * Weight of the total variation for an inversion. The deeper the layer, the more of the picture it leaves free, and the
 * more of it smoothness has to settle: from 1e-5 it grows to 1,500 times that at the last layer, by the share of
 * convolutions and dense layers that lie before it. The paper has three weights, each ten times the one before.
 *
 * @param network its layers
 * @param layer id of the layer; one that the network does not have counts as the image
 */
export function inversionSmoothing(network: LayerGraph, layer: string): number {
  const depth = depths(network);
  const deepest = Math.max(1, ...depth.values());
  return SMOOTHING * GROWTH ** ((depth.get(layer) ?? 0) / deepest);
}

/**
 * A recipe that rebuilds an image from what a layer says to it (Mahendran and Vedaldi, Understanding Deep Image
 * Representations by Inverting Them, 2015). Fourier coefficients instead of pixels, which come out nearer to the image;
 * they stay within black and white, so that the paper's 6-norm would only make them grey.
 *
 * @param id of the network
 * @param network its layers
 * @param layer id of the layer
 * @param image name of the image
 * @param seed any whole number
 */
export function invertRecipe(
  id: string,
  network: LayerGraph,
  layer: string,
  image: string,
  seed = 1,
): AscentRecipe {
  return {
    convlens: RECIPE_VERSION,
    technique: 'invert',
    network: id,
    image,
    seed,
    goals: [[{ kind: 'match', layer }]],
    start: 'noise',
    steps: SCHEDULE.reduce((sum, { steps }) => sum + steps, 0),
    schedule: SCHEDULE,
    parametrisation: 'fourier',
    optimiser: { kind: 'adam', rate: 0.05 },
    penalties: [{ kind: 'tv', weight: inversionSmoothing(network, layer) }],
  };
}
