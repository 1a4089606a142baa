import { readFileSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { describeNetwork } from '@convlens/adapters';
import { kernels } from '@convlens/core';
import { writePng } from '@convlens/data/png';
import { read } from '@convlens/onnx';

interface Entry {
  readonly id: string;
  readonly file: string;
}

const ENLARGE = 6;
const GAP = 1;

/** The first filters of a network as one colour sheet; zero is mid grey, each filter has its own scale. */
function filterSheet(file: string, columns: number, rows: number): Uint8Array {
  const network = describeNetwork(read(readFileSync(file)));
  const { held, width, height, data, low, high } = kernels(network, network.firstConv);
  const plane = width * height;
  const pitch = width + GAP;
  const sheet = {
    width: (columns * pitch - GAP) * ENLARGE,
    height: (rows * (height + GAP) - GAP) * ENLARGE,
  };
  const pixels = new Uint8ClampedArray(sheet.width * sheet.height * 4);
  for (let y = 0; y < sheet.height; y++) {
    for (let x = 0; x < sheet.width; x++) {
      const sourceX = Math.floor(x / ENLARGE);
      const sourceY = Math.floor(y / ENLARGE);
      const unit = Math.floor(sourceY / (height + GAP)) * columns + Math.floor(sourceX / pitch);
      const kx = sourceX % pitch;
      const ky = sourceY % (height + GAP);
      if (kx >= width || ky >= height || unit >= held) continue;
      const reach = Math.max(-low[unit]!, high[unit]!);
      const to = (y * sheet.width + x) * 4;
      for (let c = 0; c < 3; c++) {
        pixels[to + c] = 127.5 * (1 + data[(unit * 3 + c) * plane + ky * width + kx]! / reach);
      }
      pixels[to + 3] = 255;
    }
  }
  return writePng({ ...sheet, data: pixels });
}

/**
 * Renders what the front page shows: a sheet of first filters of every embedded network.
 *
 * @param modelsFolder folder with the manifest and the networks
 * @returns file contents by path inside the gallery
 */
export function renderPictures(modelsFolder: string): Map<string, Uint8Array> {
  const { networks } = JSON.parse(readFileSync(join(modelsFolder, 'manifest.json'), 'utf8')) as {
    networks: Entry[];
  };
  const files = new Map<string, Uint8Array>();
  for (const { id, file } of networks) {
    const path = join(modelsFolder, file);
    if (existsSync(path))
      files.set(`pictures/${id}-filters.png`, filterSheet(path, 8, id === 'vgg11' ? 2 : 4));
  }
  return files;
}
