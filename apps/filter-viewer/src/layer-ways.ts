import type { LayerSummary, NetworkSummary } from '@convlens/engine';

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
