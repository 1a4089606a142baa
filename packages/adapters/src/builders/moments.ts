/**
 * Mean and variance that a value is expected to have when the weights are He-normal and the image is standardised.
 * The builders carry them along the graph to set the running statistics of batch normalisation, so that a network
 * with random weights behaves like one whose statistics were measured: residual sums grow by one unit of variance a
 * block and not by a factor of two. Additions, products and square roots only: the same bits everywhere.
 */
export interface Moments {
  readonly mean: number;
  readonly variance: number;
}

/** The mean of the squares: what a He-normal convolution passes on. */
export function secondMoment({ mean, variance }: Moments): number {
  return mean * mean + variance;
}

/**
 * Moments of max(0, x) for a normal x. Algebraic curves through the exact values at mean 0 and at large means stand
 * in for the error function.
 */
export function rectified({ mean, variance }: Moments): Moments {
  const first = (mean + Math.sqrt(mean * mean + (2 / Math.PI) * variance)) / 2;
  const square = mean * mean + variance;
  const second = (square + mean * Math.sqrt(mean * mean + 2 * variance)) / 2;
  return { mean: first, variance: Math.max(second - first * first, 0) };
}

/** Moments after max-pooling: neighbours are alike, so the largest is about one deviation up. */
export function maximum({ mean, variance }: Moments): Moments {
  return { mean: mean + Math.sqrt(variance), variance };
}

/** Moments of an average over a window: most of the variance is between channels, which it leaves alone. */
export function average({ mean, variance }: Moments): Moments {
  return { mean, variance: variance * 0.8 };
}

/** Moments of the sum of two independent values. */
export function sum(a: Moments, b: Moments): Moments {
  return { mean: a.mean + b.mean, variance: a.variance + b.variance };
}

/**
 * Moments over all channels of several maps put together.
 *
 * @param parts moments and channel count of each map
 */
export function mixture(parts: readonly (Moments & { readonly channels: number })[]): Moments {
  let channels = 0;
  let first = 0;
  let second = 0;
  for (const part of parts) {
    channels += part.channels;
    first += part.channels * part.mean;
    second += part.channels * secondMoment(part);
  }
  const mean = first / channels;
  return { mean, variance: second / channels - mean * mean };
}
