import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { centredWindow, cropToInput, flatten, fromInput, readNpy, toInput } from '../src/index.js';
import { readPng } from '../src/png.js';

const shared = fileURLToPath(new URL('../../../../shared/', import.meta.url));
const oracles = existsSync(`${shared}oracles`)
  ? readdirSync(`${shared}oracles`).filter((name) =>
      existsSync(`${shared}oracles/${name}/manifest.json`),
    )
  : [];

interface Manifest {
  readonly input: {
    readonly photo: string;
    readonly cropFile: string;
    readonly preprocessing: {
      readonly channelOrder: 'RGB' | 'BGR' | 'grey';
      readonly range: number;
      readonly mean: readonly number[];
      readonly std: readonly number[];
    };
  };
}

describe.runIf(oracles.length > 0)(
  'against the reference inputs (PIL crops, torch tensors)',
  () => {
    for (const name of oracles) {
      const folder = `${shared}oracles/${name}/`;
      const manifest = JSON.parse(readFileSync(`${folder}manifest.json`, 'utf8')) as Manifest;
      const crop = readPng(readFileSync(folder + manifest.input.cropFile));

      it(`${name}: the crop of ${manifest.input.photo} is PIL's, bit for bit`, () => {
        const photo = readPng(readFileSync(`${shared}photos/${manifest.input.photo}`));
        const mine = cropToInput(photo, crop.height, crop.width);
        expect([mine.width, mine.height]).toEqual([crop.width, crop.height]);
        let worst = 0;
        for (let i = 0; i < crop.data.length; i++) {
          worst = Math.max(worst, Math.abs(mine.data[i]! - crop.data[i]!));
        }
        expect(worst).toBe(0);
      });

      it(`${name}: the input tensor is torch's`, () => {
        const x = readNpy(readFileSync(`${folder}x.npy`));
        const { preprocessing } = manifest.input;
        const input = toInput(crop, x.shape[1]!, {
          ...preprocessing,
          channelOrder: preprocessing.channelOrder === 'grey' ? 'GRAY' : preprocessing.channelOrder,
        });
        expect(input.shape).toEqual(x.shape);
        let worst = 0;
        let largest = 0;
        for (let i = 0; i < input.data.length; i++) {
          worst = Math.max(worst, Math.abs(input.data[i]! - (x.data[i] as number)));
          largest = Math.max(largest, Math.abs(x.data[i] as number));
        }
        expect(worst / largest).toBeLessThan(3e-7);
      });
    }
  },
);
describe.runIf(oracles.length === 0)('reference inputs', () => {
  it.skip('are missing: no ../shared/oracles beside the project', () => undefined);
});

describe('cropping', () => {
  it('takes the largest centred window and rounds down', () => {
    expect(centredWindow(451, 300, 1)).toEqual({ left: 75, top: 0, width: 300, height: 300 });
    expect(centredWindow(300, 451, 1)).toEqual({ left: 0, top: 75, width: 300, height: 300 });
    expect(centredWindow(1, 400, 1)).toEqual({ left: 0, top: 199, width: 1, height: 1 });
  });

  it('keeps a flat colour flat at every size', () => {
    for (const [width, height, out] of [
      [7, 5, 64],
      [300, 200, 32],
      [1, 1, 8],
    ] as const) {
      const data = new Uint8Array(width * height * 4).fill(137);
      for (let i = 3; i < data.length; i += 4) data[i] = 255;
      const result = cropToInput({ width, height, data }, out, out);
      for (let i = 0; i < result.data.length; i++) {
        expect(result.data[i]).toBe(i % 4 === 3 ? 255 : 137);
      }
    }
  });

  it('leaves an image of the size of the input to its owner', () => {
    const image = { width: 3, height: 2, data: new Uint8Array(24).fill(255) };
    const crop = cropToInput(image, 2, 3);
    expect(crop).toEqual(image);
    structuredClone(crop.data, { transfer: [crop.data.buffer] });
    expect(image.data.length).toBe(24);
  });

  it('lays transparent images over white', () => {
    const clear = flatten({ width: 1, height: 1, data: Uint8Array.of(9, 9, 9, 0) });
    expect([...clear.data]).toEqual([255, 255, 255, 255]);
    const half = flatten({ width: 1, height: 1, data: Uint8Array.of(0, 100, 255, 51) });
    expect([...half.data]).toEqual([204, 224, 255, 255]);
  });
});

describe('preprocessing', () => {
  const pixels = { width: 2, height: 1, data: Uint8Array.of(255, 128, 0, 255, 10, 20, 30, 255) };

  it('puts the mean and the range where the network expects them, in its channel order', () => {
    const input = toInput(pixels, 3, {
      channelOrder: 'BGR',
      range: 255,
      mean: [104, 117, 123],
      std: [1, 1, 1],
    });
    expect([...input.data]).toEqual([-104, 30 - 104, 11, 20 - 117, 132, 10 - 123]);
  });

  it('is undone by fromInput to the last bit', () => {
    for (const channelOrder of ['RGB', 'BGR'] as const) {
      const scheme = {
        channelOrder,
        range: 1,
        mean: [0.485, 0.456, 0.406],
        std: [0.229, 0.224, 0.225],
      };
      const back = fromInput(toInput(pixels, 3, scheme), scheme);
      expect([...back.data]).toEqual([...pixels.data]);
    }
  });

  it('refuses networks that take no picture, in words', () => {
    const scheme = { channelOrder: 'RGB', range: 1, mean: [0], std: [1] } as const;
    expect(() => toInput(pixels, 4, scheme)).toThrow(/1 or 3 input channels/);
  });
});
