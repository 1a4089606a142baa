import type { LayerSummary, NetworkSummary } from '@convlens/engine';

/** The layer whose weights belong to one: itself, or the nearest with weights on the way to the image. */
export function weightsFor(
  { layers, firstConv }: NetworkSummary,
  layer: LayerSummary | undefined,
): LayerSummary | undefined {
  let at = layer;
  for (let steps = 0; at && !at.hasKernels && steps < 200; steps++) {
    const before: string | undefined = at.from.at(-1);
    at = layers.find(({ id }) => id === before);
  }
  return at?.hasKernels ? at : layers.find(({ id }) => id === firstConv);
}

/** A layer if it is a max-pooling, else the nearest one on the way from it to the image. */
export function nearestMaxPooling(
  { layers }: NetworkSummary,
  layer: string,
): LayerSummary | undefined {
  const way = new Set([layer]);
  // A set goes over what is added to it meanwhile.
  for (const id of way) {
    const at = layers.find((one) => one.id === id);
    if (at?.op.endsWith('MaxPool')) return at;
    for (const before of at?.from ?? []) way.add(before);
  }
  return undefined;
}

/** Layers with weights, from the classifier down: the order of the sanity check. */
export function weightedLayers({ layers }: NetworkSummary): readonly string[] {
  return layers.flatMap(({ id, weight }) => (weight === undefined ? [] : [id])).reverse();
}
