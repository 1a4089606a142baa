import { LensError, type TensorData } from '@convlens/onnx';
import { channelStatistics, mapExtents } from '../feature-maps/statistics.js';

/**
 * The strongest answers of every channel of a layer over a set of images, at most one an image, strongest first. Plain
 * data of a fixed size, whatever the number of images: it can be kept, sent to a worker, and gone on with.
 */
export interface Ranking {
  readonly channels: number;
  /** Answers kept a channel. */
  readonly count: number;
  /** Extent of the layer's maps along a row. */
  readonly width: number;
  /** `[channels, count]`, the number of the image; -1 where fewer images make the channel answer. */
  readonly images: Int32Array;
  /** `[channels, count]`, the value of the unit. */
  readonly values: Float32Array;
  /** `[channels, count]`, where in the map: row * width + column. */
  readonly places: Int32Array;
}

/** One of the strongest answers of a channel: an image, and the unit of the channel that is strongest in it. */
export interface StrongPlace {
  /** Number of the image in its set. */
  readonly image: number;
  readonly value: number;
  readonly row: number;
  readonly column: number;
}

/**
 * A ranking of no images yet.
 *
 * @param shape of the layer: `[C, H, W]` or `[N]`
 * @param count answers to keep a channel; nine as in Zeiler and Fergus 2014, figure 2
 */
export function emptyRanking(shape: readonly number[], count = 9): Ranking {
  const [channels, , width] = mapExtents(shape);
  const size = channels * count;
  return {
    channels,
    count,
    width,
    images: new Int32Array(size).fill(-1),
    values: new Float32Array(size),
    places: new Int32Array(size),
  };
}

/**
 * Ranks one more image, in place. Of equal values the image with the smaller number comes first, and in one image the
 * first place in row order, so that the result does not depend on the order in which images are ranked; an image that
 * is in the ranking already changes nothing. A channel whose largest value is not above zero does not answer to the
 * image, and is not ranked.
 *
 * @param ranking is changed
 * @param image number of the image in its set
 * @param activation of the layer for that image, float32 `[1, C, H, W]`, `[C, H, W]`, `[1, N]` or `[N]`
 * @throws LensError `E_SHAPE` for an activation of another layer
 */
export function rankImage(
  ranking: Ranking,
  image: number,
  activation: TensorData<'float32'>,
): void {
  const { channels, count, width, images, values, places } = ranking;
  const [found, , across] = mapExtents(activation.shape);
  if (found !== channels || across !== width) {
    throw new LensError(
      'E_SHAPE',
      `Expected an activation of ${channels} channels, ${width} wide, got shape [${activation.shape.join(', ')}].`,
    );
  }
  const { channelHigh, peak } = channelStatistics(activation);
  for (let channel = 0; channel < channels; channel++) {
    const value = channelHigh[channel]!;
    if (!(value > 0)) continue;
    const start = channel * count;
    const end = start + count;
    if (images.subarray(start, end).includes(image)) continue;
    const isBehind = (at: number): boolean =>
      images[at]! >= 0 && (values[at]! > value || (values[at] === value && images[at]! < image));
    let at = end;
    while (at > start && !isBehind(at - 1)) at--;
    if (at === end) continue;
    for (const list of [images, values, places]) list.copyWithin(at + 1, at, end - 1);
    images[at] = image;
    values[at] = value;
    places[at] = peak[channel]!;
  }
}

/**
 * The strongest answers of a channel, strongest first; fewer where fewer images make it answer.
 *
 * @param ranking of the layer
 * @param channel from 0
 */
export function strongestPlaces(ranking: Ranking, channel: number): StrongPlace[] {
  const { channels, count, width, images, values, places } = ranking;
  const found: StrongPlace[] = [];
  if (channel < 0 || channel >= channels) return found;
  for (let at = channel * count; at < (channel + 1) * count && images[at]! >= 0; at++) {
    const place = places[at]!;
    found.push({
      image: images[at]!,
      value: values[at]!,
      row: Math.floor(place / width),
      column: place % width,
    });
  }
  return found;
}
