import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { colorize, resizeBilinear, sequential, type Pixels } from '@convlens/data';
import { readPng, writePng } from '@convlens/data/png';
import { createNodeEngine } from '@convlens/engine/node';
import type { Living } from './front.js';

const SIDE = 240;

/** What is on the wall: a network, a layer of it, and the sample it looks at. */
const WALL = [
  ['resnet18', 'layer1.1.relu', 'ladybug'],
  ['alexnet', 'relu2', 'lighthouse'],
  ['densenet', 'relu0', 'espresso'],
  ['vgg11', 'relu2_1', 'jellyfish'],
  ['resnet18-robust', 'layer1.0.relu', 'lemon'],
  ['resnet18', 'layer2.1.relu', 'candle'],
  ['vgg11', 'relu1_1', 'spider-web'],
  ['alexnet', 'relu1', 'picket-fence'],
  ['densenet', 'pool0', 'orange'],
  ['resnet18-robust', 'relu', 'alp'],
  ['resnet18', 'relu', 'seashore'],
  ['alexnet', 'relu3', 'ladybug'],
] as const;

/** A feature map over what the network saw: what is near zero lets the picture through. */
function overlay(
  photo: Pixels,
  map: Float32Array,
  width: number,
  height: number,
  high: number,
): Pixels {
  const small = new Uint8ClampedArray(width * height * 4);
  const plane = { offset: 0, width, height };
  colorize(map, plane, { low: 0, high }, sequential, { data: small, width, height });
  const strength = new Uint8Array(width * height * 4).fill(255);
  map.forEach((value, i) =>
    strength.fill(255 * Math.min(1, Math.max(0, value / high)), i * 4, i * 4 + 3),
  );
  const whole = { left: 0, top: 0, width, height };
  const colour = resizeBilinear({ data: small, width, height }, whole, SIDE, SIDE).data;
  const alpha = resizeBilinear({ data: strength, width, height }, whole, SIDE, SIDE).data;
  const window = { left: 0, top: 0, width: photo.width, height: photo.height };
  const { data } = resizeBilinear(photo, window, SIDE, SIDE);
  const out = new Uint8ClampedArray(data.length);
  for (let i = 0; i < data.length; i++) {
    const part = i % 4 === 3 ? 0 : 0.2 + (0.75 * alpha[i - (i % 4)]!) / 255;
    out[i] = data[i]! * (1 - part) + colour[i]! * part;
  }
  return { width: SIDE, height: SIDE, data: out };
}

/**
 * Renders the wall of the front page with the embedded networks: the strongest channel of a layer over a sample, each
 * with the link to the view that shows it.
 *
 * @param modelsFolder folder with the networks
 * @param samplesFolder folder with the sample pictures
 * @returns file contents by path, and what is said of them
 */
export async function renderWall(
  modelsFolder: string,
  samplesFolder: string,
): Promise<{ files: Map<string, Uint8Array>; living: Living[] }> {
  const files = new Map<string, Uint8Array>();
  const living: Living[] = [];
  const engine = createNodeEngine();
  const { networks } = JSON.parse(readFileSync(join(modelsFolder, 'manifest.json'), 'utf8')) as {
    networks: { id: string; title: string; file: string }[];
  };
  for (const [id, layer, sample] of WALL) {
    const { title, file } = networks.find((network) => network.id === id)!;
    const network = await engine.openNetwork({ id, url: join(modelsFolder, file) });
    const pixels = readPng(readFileSync(join(samplesFolder, `${sample}.png`)));
    const image = await engine.openImage({ pixels });
    const request = { network: network.id, image: image.id, layers: [layer] };
    const answer = await engine.run('activations', request);
    const { activation, statistics } = answer.layers[0]!;
    const [, height = 1, width = 1] = activation.shape;
    const plane = height * width;
    const mapOf = (at: number): Float32Array =>
      activation.data.subarray(at * plane, (at + 1) * plane);
    // The channel that tells places apart most clearly, for its own largest value.
    const spread = statistics.channelHigh.map((high, i) => {
      const mean = statistics.channelMean[i]!;
      const squares = mapOf(i).reduce((sum, value) => sum + (value - mean) ** 2, 0);
      return high > 0 ? Math.sqrt(squares / plane) / high - Math.abs(mean / high - 0.25) : -1;
    });
    const channel = spread.indexOf(Math.max(...spread));
    const map = mapOf(channel);
    const path = `pictures/wall-${id}-${sample}.png`;
    files.set(
      path,
      writePng(overlay(pixels, map, width, height, statistics.channelHigh[channel]!)),
    );
    living.push({
      app: 'filter-viewer',
      file: path,
      title: `${title}, ${layer}, channel ${channel}`,
      hash: `network=${id}&image=${sample}&layer=${layer}&channel=${channel}&view=maps`,
    });
    network[Symbol.dispose]();
    image[Symbol.dispose]();
  }
  return { files, living };
}
