import type { Layer, Network } from '@convlens/adapters';
import type { Target } from '../gradients/gradients.js';

type Layers = ReadonlyMap<string, Pick<Layer, 'id' | 'from' | 'weight' | 'shape'>>;

const byId = (layers: Network['layers']): Layers => new Map(layers.map((one) => [one.id, one]));

/**
 * All layers that a layer's value depends on, itself among them.
 *
 * @param layers of the network
 * @param id of the layer
 */
export function layersBelow(layers: Network['layers'], id: string): ReadonlySet<string> {
  return reach(byId(layers), id, () => false);
}

/** What is reached from a layer towards the image without going through the layers that stop it. */
function reach(layers: Layers, id: string, stops: (id: string) => boolean): Set<string> {
  const seen = new Set([id]);
  // A set goes over what is added to it meanwhile.
  for (const at of seen) {
    if (at !== id && stops(at)) continue;
    for (const before of layers.get(at)?.from ?? []) seen.add(before);
  }
  return seen;
}

/**
 * The layer whose maps Grad-CAM weighs for a target. For a class, and for units above it, the last convolutional layer,
 * as in the paper. For a unit further down the nearest layer below it that has places, that every path from the image
 * to the unit goes through, and from which at least one path leads through weights: over the unit's own layer, or one
 * that only a ReLU or a pooling parts it from, Grad-CAM would say no more than the unit's own map.
 *
 * @param network layers, and the last convolutional one
 * @param target class or unit
 * @returns layer id; undefined where there is no such layer, as for units that read the image itself
 * @see Selvaraju et al. 2017, section 3, which asks for a convolutional layer below the target
 */
export function gradCamLayer(
  network: Pick<Network, 'layers' | 'lastConv'>,
  target: Target,
): string | undefined {
  const { lastConv } = network;
  if (target.kind === 'class') return lastConv;
  const layers = byId(network.layers);
  const unit = target.layer;
  const below = reach(layers, unit, () => false);
  const leadsThroughWeights = (to: string): boolean =>
    [...below].some(
      (id) =>
        id !== to && layers.get(id)?.weight !== undefined && reach(layers, id, () => false).has(to),
    );
  const isPassage = (id: string): boolean =>
    ![...reach(layers, unit, (at) => at === id)].some(
      (at) => at !== id && layers.get(at)?.from.length === 0,
    );
  if (below.has(lastConv) && unit !== lastConv && leadsThroughWeights(lastConv)) return lastConv;
  return network.layers
    .filter(({ id, shape }) => {
      const [, height = 1, width = 1] = shape;
      return id !== unit && below.has(id) && height * width > 1;
    })
    .reverse()
    .find(({ id }) => isPassage(id) && leadsThroughWeights(id))?.id;
}
