import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { unzipSync } from 'fflate';
import * as ort from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import { describeNetwork, type Preprocessing } from '@convlens/adapters';
import { readNpy, toInput } from '@convlens/data';
import { float32ToFloat16, read } from '@convlens/onnx';

const here = (path: string): string => fileURLToPath(new URL(`../${path}`, import.meta.url));
const shared = here('../../shared/models/');

interface Entry {
  readonly id: string;
  readonly family: string;
  readonly file: string;
  readonly bytes: number;
  readonly sha256: string;
  readonly parameters: number;
  readonly input: { readonly name: string; readonly shape: number[] };
  readonly preprocessing: Preprocessing;
  readonly labels: string;
}

const { networks } = JSON.parse(readFileSync(here('manifest.json'), 'utf8')) as {
  networks: Entry[];
};

/** Right answers of 500 validation images, with fp16 weights, as measured when the networks were made. */
const RIGHT: Readonly<Record<string, readonly [top1: number, top5: number]>> = {
  resnet18: [311, 430],
  vgg11: [257, 397],
  alexnet: [297, 407],
  densenet: [314, 429],
  'resnet18-robust': [224, 365],
};

describe('the manifest', () => {
  it('names five networks, in all under 18 MB', () => {
    expect(networks.map(({ id }) => id)).toEqual([
      'resnet18',
      'vgg11',
      'alexnet',
      'densenet',
      'resnet18-robust',
    ]);
    expect(networks.reduce((sum, { bytes }) => sum + bytes, 0)).toBeLessThan(18e6);
  });

  it.each(networks)(
    '$id: size, checksum, input, classes and family are those of the file',
    (entry) => {
      const bytes = readFileSync(here(entry.file));
      expect(bytes.length).toBe(entry.bytes);
      expect(createHash('sha256').update(bytes).digest('hex')).toBe(entry.sha256);
      const network = describeNetwork(read(bytes));
      expect(network.family).toBe(entry.family);
      expect(network.input).toEqual(entry.input);
      const labels = readFileSync(here(entry.labels), 'utf8').trim().split('\n');
      expect(network.logits?.classes).toBe(labels.length);
      expect(
        [...network.graph.initializers.values()].some(({ dtype }) => dtype === 'float16'),
      ).toBe(false);
    },
  );
});

describe.runIf(existsSync(shared))('against the trained float32 files', () => {
  it.each(networks)('$id: every weight is the rounded one', ({ file }) => {
    const mine = read(readFileSync(here(file))).initializers;
    const theirs = read(readFileSync(shared + file)).initializers;
    for (const [name, { dtype, data }] of theirs) {
      if (dtype !== 'float32') continue;
      const half = mine.get(`${name}.fp16`)!;
      const rounded = float32ToFloat16(data as Float32Array);
      expect(
        rounded.every((bits, i) => bits === half.data[i]),
        name,
      ).toBe(true);
    }
  });

  it.each(networks)(
    '$id: as many right answers as when it was made',
    async ({ id, file, preprocessing, input }) => {
      const set = unzipSync(readFileSync(`${shared}val500.npz`));
      const pictures = readNpy(set['X.npy']!);
      const answers = readNpy(set['Y.npy']!).data as Int32Array;
      const [count = 0, height = 0, width = 0] = pictures.shape;
      const session = await ort.InferenceSession.create(here(file), { logSeverityLevel: 3 });
      let top1 = 0;
      let top5 = 0;
      for (let i = 0; i < count; i++) {
        const rgb = (pictures.data as Uint8Array).subarray(
          i * height * width * 3,
          (i + 1) * height * width * 3,
        );
        const data = new Uint8Array(height * width * 4).fill(255);
        for (let p = 0; p < height * width; p++) data.set(rgb.subarray(p * 3, p * 3 + 3), p * 4);
        const x = toInput({ width, height, data }, 3, preprocessing);
        const result = await session.run({
          [input.name]: new ort.Tensor('float32', x.data, x.shape),
        });
        const logits = result[session.outputNames[0]!]!.data as Float32Array;
        const above = logits.reduce(
          (sum, value) => sum + (value > logits[answers[i]!]! ? 1 : 0),
          0,
        );
        top1 += above < 1 ? 1 : 0;
        top5 += above < 5 ? 1 : 0;
      }
      expect([top1, top5]).toEqual(RIGHT[id]);
    },
  );
});
describe.runIf(!existsSync(shared))('the trained float32 files', () => {
  it.skip('are missing: no ../shared/models beside the project', () => undefined);
});
