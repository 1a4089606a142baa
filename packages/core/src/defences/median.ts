import type { Defence } from './defence.js';

/**
 * The median of a square window of each colour; beyond the edge the edge goes on. Its derivative picks the pixel that the
 * median came from, and so does the way back.
 *
 * @see Xu, Evans and Qi, Feature squeezing, NDSS 2018
 */
export const median: Defence = {
  id: 'median',
  title: 'Median',
  strength: { title: 'Window', fallback: 3, low: 3, high: 11 },
  random: false,
  pass(image, [channels, height, width], strength) {
    const reach = Math.floor(strength / 2);
    const from = new Uint32Array(image.length);
    const window: number[] = [];
    for (let c = 0; c < channels; c++) {
      for (let y = 0; y < height; y++) {
        for (let x = 0; x < width; x++) {
          window.length = 0;
          for (let dy = -reach; dy <= reach; dy++) {
            const row = Math.min(height - 1, Math.max(0, y + dy));
            for (let dx = -reach; dx <= reach; dx++) {
              const column = Math.min(width - 1, Math.max(0, x + dx));
              window.push((c * height + row) * width + column);
            }
          }
          window.sort((a, b) => image[a]! - image[b]! || a - b);
          from[(c * height + y) * width + x] = window[window.length >> 1]!;
        }
      }
    }
    return {
      image: image.map((_, i) => image[from[i]!]!),
      pull(gradient) {
        const out = new Float32Array(gradient.length);
        from.forEach((source, i) => (out[source]! += gradient[i]!));
        return out;
      },
    };
  },
};
