import type { Layer, Network } from '@convlens/adapters';
import { LensError } from '@convlens/onnx';
import { inputOf } from '../attacks/feed.js';
import { findLayer, type FeatureMaps } from '../feature-maps/feature-maps.js';
import { mapExtents } from '../feature-maps/statistics.js';

/** How a channel's answers to two images differ. */
export interface ChannelDivergence {
  readonly channel: number;
  /** |a_c - b_c| / |a|, in parts of the whole layer: the squares over all channels sum to that of the layer. */
  readonly distance: number;
}

/** How far the activations of two images are apart in a layer. */
export interface LayerDivergence {
  /** Layer id. */
  readonly layer: string;
  /** |a - b| / |a|, Euclidean, a being the first image's activation: 0 where they are the same. */
  readonly distance: number;
  /** a . b / (|a| |b|): 1 where they differ in strength only. */
  readonly cosine: number;
  /** Those that change most, the most first; none that does not change. */
  readonly channels: readonly ChannelDivergence[];
}

/** What to compare. */
export interface DivergenceTask {
  /** float32 in [0, 1], C x H x W. */
  readonly original: Float32Array;
  /** As long. */
  readonly attacked: Float32Array;
  /**
   * Layer ids. By default all, and for networks that are too large to give all at once the main ones.
   */
  readonly layers?: readonly string[];
  /** Channels to name in each layer. Default 8. */
  readonly channels?: number;
}

/**
 * Where in a network two images part: the distance between their activations, layer by layer in the order of
 * computation. The network runs once for each image.
 *
 * @param network the network
 * @param maps what reads its layers
 * @param task two images
 * @throws LensError `E_ARGUMENT` for images of another size, `E_LAYER_UNKNOWN`, and as the runtime does
 */
export async function divergence(
  network: Network,
  maps: FeatureMaps,
  task: DivergenceTask,
): Promise<readonly LayerDivergence[]> {
  const { original, attacked, channels = 8 } = task;
  const size = network.input.shape.reduce((product, extent) => product * extent, 1);
  for (const { length } of [original, attacked]) {
    if (length === size) continue;
    throw new LensError(
      'E_ARGUMENT',
      `Expected two images of ${network.input.shape.join(' x ')} values, got one of ${length}.`,
    );
  }
  const layers: readonly Layer[] = task.layers
    ? task.layers.map((id) => findLayer(network, id))
    : network.layers.filter(({ main }) => main || maps.everyLayer);
  const values = layers.map(({ value }) => value);
  const first = await maps.read(inputOf(network, [original]), values);
  const second = await maps.read(inputOf(network, [attacked]), values);
  return layers.map(({ id, value }) => {
    const [a, b] = [first.get(value)!, second.get(value)!];
    return { layer: id, ...compare(a.data, b.data, mapExtents(a.shape)[0], channels) };
  });
}

/** Distances in float64. A layer that answers neither image has not parted; one that answers only the second has wholly. */
function compare(
  a: Float32Array,
  b: Float32Array,
  channels: number,
  named: number,
): Omit<LayerDivergence, 'layer'> {
  const plane = a.length / channels;
  let [aa, bb, ab] = [0, 0, 0];
  const apart = new Float64Array(channels);
  for (let c = 0, i = 0; c < channels; c++) {
    let sum = 0;
    for (const end = i + plane; i < end; i++) {
      const p = a[i]!;
      const q = b[i]!;
      aa += p * p;
      bb += q * q;
      ab += p * q;
      sum += (p - q) ** 2;
    }
    apart[c] = sum;
  }
  const total = apart.reduce((sum, one) => sum + one, 0);
  const relative = (squares: number): number => (squares === 0 ? 0 : Math.sqrt(squares / aa));
  const most = [...apart.keys()]
    .filter((c) => apart[c]! > 0)
    .sort((c, d) => apart[d]! - apart[c]! || c - d)
    .slice(0, named);
  const both = Math.sqrt(aa) * Math.sqrt(bb);
  return {
    distance: relative(total),
    // Rounding must not carry it past 1.
    cosine: both > 0 ? Math.max(-1, Math.min(1, ab / both)) : total === 0 ? 1 : 0,
    channels: most.map((channel) => ({ channel, distance: relative(apart[channel]!) })),
  };
}
