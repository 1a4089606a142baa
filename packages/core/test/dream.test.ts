import { describe, expect, it } from 'vitest';
import { describeNetwork } from '@convlens/adapters';
import { buildVgg } from '@convlens/adapters/builders';
import { resizePlanes } from '@convlens/data';
import { float32, type TensorData } from '@convlens/onnx';
import { Dream, Goals, type DreamOptions, type Objective } from '../src/index.js';
import { viewRandom } from '../src/optimisation/view.js';
import { native, numbers } from './support/run.js';

const network = describeNetwork(
  buildVgg({ depth: 11, width: 0.0625, inputSize: 32, classes: 10, batch: 1 }),
);
const goals = new Goals(network, native);
/** Sees 8 x 8 pixels. */
const layer = network.layers.filter(({ op }) => op === 'Relu')[1]!.id;
const goal: Objective = [{ kind: 'layer', layer }];

/** A smooth picture around grey that no side of which fits the opposite one. */
function picture(height: number, width: number): TensorData<'float32'> {
  const coarse = [Math.ceil(height / 8) + 1, Math.ceil(width / 8) + 1] as const;
  const data = resizePlanes(numbers(3 * coarse[0] * coarse[1], 4), coarse, [height, width]);
  return float32(data, [1, 3, height, width]);
}

const dreamOf = (image: TensorData<'float32'>, options: Partial<DreamOptions> = {}): Dream =>
  new Dream(goals, { goal, image, octaves: 1, steps: 1, seed: 3, ...options });

/** What a dream has added to its image. */
const change = (dream: Dream, image: TensorData<'float32'>): Float32Array =>
  dream.picture().data.map((value, i) => value - image.data[i]!);

describe('tiles', () => {
  it('have the gradient of the whole image away from their borders', async () => {
    const side = 128;
    const image = picture(side, side);
    const whole = dreamOf(image, { tile: side });
    const tiled = dreamOf(image, { tile: 64 });
    await whole.step();
    await tiled.step();
    const random = viewRandom(3, 0, 0);
    const [top, left] = [random.below(side), random.below(side)];
    const near = (at: number, begin: number): boolean =>
      (((at - begin) % 64) + 64) % 64 < 8 || (((at - begin) % 64) + 64) % 64 >= 56;
    const [a, b] = [change(whole, image), change(tiled, image)];
    // Both are divided by their own mean magnitude, which differs a little by the borders.
    const inner = Array.from(a.keys()).filter((i) => {
      const [y, x] = [Math.floor(i / side) % side, i % side];
      return !near(y, top) && !near(x, left);
    });
    expect(inner.length).toBeGreaterThan(0.4 * a.length);
    const product = inner.reduce((sum, i) => sum + a[i]! * b[i]!, 0);
    const square = inner.reduce((sum, i) => sum + a[i]! * a[i]!, 0);
    const ratio = product / square;
    expect(ratio).toBeCloseTo(1, 1);
    const rest = inner.reduce((sum, i) => sum + (b[i]! - ratio * a[i]!) ** 2, 0);
    expect(Math.sqrt(rest / (square * ratio * ratio))).toBeLessThan(1e-4);
  });

  it('leave no seams', async () => {
    const [height, width] = [96, 160];
    const image = picture(height, width);
    /** How much a dream jumps from each column to the next, against the mean of all columns. */
    const jumps = async (tile: number): Promise<number[]> => {
      const dream = dreamOf(image, { tile, steps: 12 });
      for (let i = 0; i < 12; i++) await dream.step();
      const added = change(dream, image);
      const found = Array.from({ length: width - 1 }, (_, x) => {
        let sum = 0;
        for (let row = 0; row < 3 * height; row++) {
          sum += Math.abs(added[row * width + x + 1]! - added[row * width + x]!);
        }
        return sum;
      });
      const mean = found.reduce((sum, value) => sum + value, 0) / found.length;
      return found.map((value) => value / mean);
    };
    const [plain, tiled] = [await jumps(160), await jumps(40)];
    expect(Math.max(...tiled)).toBeLessThan(1.15 * Math.max(...plain));
    // 40, 80 and 120 would be the seams of tiles that stay where they are.
    for (const seam of [39, 79, 119]) expect(tiled[seam]! / plain[seam]!).toBeLessThan(1.15);
  });

  it.each([
    [75, 53, 32],
    [33, 97, 32],
    [64, 31, 40],
  ])('cover an image of %i x %i in tiles of %i', async (height, width, tile) => {
    const image = picture(height, width);
    const dream = dreamOf(image, { tile, steps: 2, rate: 4 });
    await dream.step();
    const { values } = await dream.step();
    expect(Number.isFinite(values[0])).toBe(true);
    const added = change(dream, image);
    expect(dream.picture().shape).toEqual([1, 3, height, width]);
    for (let y = 0; y < height; y += 8) {
      for (let x = 0; x < width; x += 8) {
        const block = Array.from({ length: 64 }, (_, i) => {
          const [row, column] = [y + Math.floor(i / 8), x + (i % 8)];
          return row < height && column < width ? Math.abs(added[row * width + column]!) : 0;
        });
        expect(Math.max(...block), `${y}, ${x}`).toBeGreaterThan(0);
      }
    }
  });
});

describe('sizes', () => {
  it.each([
    [20, 20],
    [1, 1],
    [3, 70],
  ])('an image of %i x %i dreams', async (height, width) => {
    const image = picture(height, width);
    const dream = dreamOf(image, { octaves: 3, steps: 2, rate: 3 });
    // Smaller octaves would have no position left; the image itself always dreams.
    expect(dream.total).toBe(2);
    await dream.step();
    await dream.step();
    expect(dream.picture().shape).toEqual([1, 3, height, width]);
    expect(dream.picture().data).not.toEqual(image.data);
  });

  it('of octaves grow by the scale to the image, none below 32 pixels', async () => {
    const dream = dreamOf(picture(90, 60), { octaves: 4, octaveScale: 1.5, steps: 1 });
    const sizes: string[] = [];
    while (dream.state.step < dream.total) {
      await dream.step();
      sizes.push(dream.state.size.join(' x '));
    }
    expect(sizes).toEqual(['60 x 40', '90 x 60']);
  });

  it.each<[string, Objective]>([
    ['a class', [{ kind: 'class', index: 2 }]],
    ['a dense layer', [{ kind: 'layer', layer: network.layers.at(-2)!.id }]],
  ])('%s dreams in tiles of the network’s own size', async (_, dense) => {
    const image = picture(50, 70);
    const dream = dreamOf(image, { goal: dense, octaves: 2, steps: 3, rate: 6 });
    const values: number[] = [];
    while (dream.state.step < dream.total) values.push((await dream.step()).values[0]!);
    expect(values.at(-1)!).toBeGreaterThan(values[0]!);
    expect(dream.picture().shape).toEqual([1, 3, 50, 70]);
  });
});

it('carries what was dreamt on one size to the next as detail', async () => {
  const image = picture(90, 61);
  const options = { octaves: 2, octaveScale: 1.5, steps: 1, rate: 3 };
  const dream = dreamOf(image, options);
  await dream.step();
  const { size, image: small } = dream.state;
  const base = resizePlanes(image.data, [90, 61], size);
  const grown = resizePlanes(
    small.map((value, i) => value - base[i]!),
    size,
    [90, 61],
  );
  // A rate of nothing shows the image as the next size begins with it.
  const next = new Dream(
    goals,
    { goal, image, seed: 3, ...options, rate: 1e-9 },
    structuredClone(dream.state),
  );
  await next.step();
  expect(next.state.size).toEqual([90, 61]);
  expect(Math.max(...grown.map(Math.abs))).toBeGreaterThan(0.01);
  for (const [i, value] of next.picture().data.entries()) {
    expect(Math.abs(value - image.data[i]! - grown[i]!)).toBeLessThan(1e-4);
  }
});

it('climbs, and stays within black and white', async () => {
  const image = picture(48, 48);
  const dream = dreamOf(image, { steps: 12, rate: 20 });
  const values: number[] = [];
  for (let i = 0; i < 12; i++) values.push((await dream.step()).values[0]!);
  expect(values.at(-1)!).toBeGreaterThan(2 * values[0]!);
  const { mean, std, range } = network.preprocessing;
  for (const [i, value] of dream.picture().data.entries()) {
    const c = Math.floor(i / (48 * 48));
    const p = (value * std[c]! + mean[c]!) / range;
    expect(p).toBeGreaterThan(-1e-6);
    expect(p).toBeLessThan(1 + 1e-6);
  }
});

it('moves by the rate in grey levels: the mean change of a pixel', async () => {
  const image = picture(48, 48);
  const dream = dreamOf(image, { rate: 1.5 });
  await dream.step();
  const added = change(dream, image);
  const mean = added.reduce((sum, value) => sum + Math.abs(value), 0) / added.length;
  const { std, range } = network.preprocessing;
  const levels = (255 * mean * (std.reduce((sum, v) => sum + v, 0) / 3)) / range;
  expect(levels).toBeCloseTo(1.5, 1);
});

it('refuses a state of another image', async () => {
  const dream = dreamOf(picture(48, 48), { steps: 2 });
  await dream.step();
  const state = structuredClone(dream.state);
  expect(() => new Dream(goals, { goal, image: picture(48, 50), seed: 1 }, state)).toThrow(
    /Expected a dream of .* got one of 48 x 48/,
  );
});
