import type { Network } from '@convlens/adapters';
import { float32, type TensorData } from '@convlens/onnx';

/** The plane of an image, in the order red, green, blue, that a channel of a network's input reads. */
export function planeOf(network: Network, channel: number): number {
  return network.preprocessing.channelOrder === 'BGR' ? 2 - channel : channel;
}

/**
 * Images as a network is fed them: x[c] = (range p[c] - mean[c]) / std[c].
 *
 * @param network the network
 * @param images float32 in [0, 1], C x H x W each, planes in the order red, green, blue
 * @returns float32 `[images, C, H, W]`
 */
export function inputOf(network: Network, images: readonly Float32Array[]): TensorData<'float32'> {
  const [channels, height, width] = network.input.shape;
  const { range, mean, std } = network.preprocessing;
  const plane = height * width;
  const data = new Float32Array(images.length * channels * plane);
  images.forEach((image, n) => {
    for (let c = 0; c < channels; c++) {
      const from = planeOf(network, c) * plane;
      const to = (n * channels + c) * plane;
      const [offset, deviation] = [mean[c] ?? 0, std[c] ?? 1];
      for (let i = 0; i < plane; i++) {
        data[to + i] = (range * image[from + i]! - offset) / deviation;
      }
    }
  });
  return float32(data, [images.length, channels, height, width]);
}
