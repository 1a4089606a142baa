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
