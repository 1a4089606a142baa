import { LensError, type TensorData } from '@convlens/onnx';

/** What is said about a layer's activation for one image, one number a channel. */
export interface ChannelStatistics {
  /** Smallest and largest value of the whole layer. */
  readonly low: number;
  readonly high: number;
  /** Root mean square of the whole layer: how strongly it answers. */
  readonly strength: number;
  readonly channelLow: Float32Array;
  /** Largest value of each channel. */
  readonly channelHigh: Float32Array;
  readonly channelMean: Float32Array;
  /** Place of the largest value, as row * width + column; the first one on a tie. */
  readonly peak: Int32Array;
}

/** Channels, height and width of an activation: `[1, C, H, W]`, `[C, H, W]`, `[1, N]` or `[N]`. */
export function mapExtents(shape: readonly number[]): readonly [number, number, number] {
  const [channels, height, width] = shape.length > 2 ? shape.slice(-3) : [shape.at(-1), 1, 1];
  return [channels ?? 1, height ?? 1, width ?? 1];
}

/**
 * Statistics of one image's activation.
 *
 * @param activation float32 `[1, C, H, W]`, `[C, H, W]`, `[1, N]` or `[N]`
 * @throws LensError `E_SHAPE` for a batch of several images
 */
export function channelStatistics(activation: TensorData<'float32'>): ChannelStatistics {
  const [channels, height, width] = mapExtents(activation.shape);
  const { data } = activation;
  const plane = height * width;
  if (data.length !== channels * plane) {
    throw new LensError(
      'E_SHAPE',
      `Expected the activation of one image, got shape [${activation.shape.join(', ')}].`,
    );
  }
  const channelLow = new Float32Array(channels);
  const channelHigh = new Float32Array(channels);
  const channelMean = new Float32Array(channels);
  const peak = new Int32Array(channels);
  let low = Infinity;
  let high = -Infinity;
  let squares = 0;
  for (let c = 0; c < channels; c++) {
    let least = Infinity;
    let most = -Infinity;
    let where = 0;
    let sum = 0;
    for (let i = 0, at = c * plane; i < plane; i++, at++) {
      const value = data[at]!;
      if (value < least) least = value;
      if (value > most) {
        most = value;
        where = i;
      }
      sum += value;
      squares += value * value;
    }
    channelLow[c] = least;
    channelHigh[c] = most;
    channelMean[c] = sum / plane;
    peak[c] = where;
    low = Math.min(low, least);
    high = Math.max(high, most);
  }
  const strength = Math.sqrt(squares / data.length);
  return { low, high, strength, channelLow, channelHigh, channelMean, peak };
}
