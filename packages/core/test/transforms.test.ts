import { describe, expect, it } from 'vitest';
import { sample, sampleAdjoint, type Sampling } from '../src/optimisation/sampling.js';
import type { Transform } from '../src/optimisation/transforms/table.js';
import { drawView, viewRandom } from '../src/optimisation/view.js';
import { dot, numbers } from './support/run.js';

const chains: Record<string, readonly Transform[]> = {
  none: [],
  pad: [{ kind: 'pad', pixels: 3 }],
  jitter: [{ kind: 'jitter', pixels: 5 }],
  scale: [{ kind: 'scale', factors: [0.9, 1.1] }],
  rotate: [{ kind: 'rotate', degrees: [-10, 7] }],
  roll: [{ kind: 'roll', pixels: 6 }],
  crop: [{ kind: 'crop', from: 0.5, to: 0.2 }],
  "Lucid's": [
    { kind: 'pad', pixels: 12 },
    { kind: 'jitter', pixels: 8 },
    { kind: 'scale', factors: [0.9, 0.95, 1, 1.05, 1.1] },
    { kind: 'rotate', degrees: [-10, -5, 0, 5, 10] },
    { kind: 'jitter', pixels: 4 },
  ],
};

describe.each(Object.entries(chains))('the views of %s', (name, transforms) => {
  const sampling: Sampling = {
    channels: 2,
    image: [17, 20],
    input: [17, 20],
    grey: (channel, value) => value * (channel + 1),
  };
  const size = 2 * 17 * 20;
  const look = (image: Float32Array, step: number, grey = sampling.grey): Float32Array => {
    const out = new Float32Array(size);
    const view = drawView(transforms, sampling.image, sampling.input, viewRandom(4, step, 0));
    sample(image, view, { ...sampling, grey }, out);
    return out;
  };

  it('have an exact adjoint', () => {
    for (let step = 0; step < 12; step++) {
      const view = drawView(transforms, sampling.image, sampling.input, viewRandom(4, step, 0));
      const image = numbers(size, step + 1);
      const gradient = numbers(size, step + 100);
      const back = new Float32Array(size);
      sampleAdjoint(gradient, view, sampling, back, 0.5);
      const seen = look(image, step, () => 0);
      expect(Math.abs(0.5 * dot(seen, gradient) - dot(image, back))).toBeLessThan(1e-4);
    }
  });

  it('are the same for the same seed and step, and differ from step to step', () => {
    const image = numbers(size);
    expect(look(image, 3)).toEqual(look(image, 3));
    const all = new Set(Array.from({ length: 12 }, (_, step) => look(image, step).join(' ')));
    expect(all.size > 1).toBe(transforms.length > 0 && name !== 'pad');
  });
});

it('a turn by 90 degrees puts every pixel where it belongs', () => {
  const sampling: Sampling = { channels: 1, image: [3, 3], input: [3, 3], grey: () => 0 };
  const view = drawView([{ kind: 'rotate', degrees: [90] }], [3, 3], [3, 3], viewRandom(1, 0, 0));
  const out = new Float32Array(9);
  sample(Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9), view, sampling, out);
  expect([...out].map(Math.round)).toEqual([3, 6, 9, 2, 5, 8, 1, 4, 7]);
});

it('a margin is grey, a roll comes back on the other side', () => {
  const sampling: Sampling = { channels: 1, image: [2, 2], input: [4, 4], grey: (_, p) => 10 * p };
  const padded = drawView([{ kind: 'pad', pixels: 1 }], [2, 2], [4, 4], viewRandom(1, 0, 0));
  const out = new Float32Array(16);
  sample(Float32Array.of(1, 2, 3, 4), padded, sampling, out);
  expect([...out]).toEqual([5, 5, 5, 5, 5, 1, 2, 5, 5, 3, 4, 5, 5, 5, 5, 5]);
  const wrap: Sampling = { channels: 1, image: [3, 3], input: [3, 3], grey: () => 0 };
  const image = Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9);
  for (let step = 0; step < 9; step++) {
    const view = drawView([{ kind: 'roll', pixels: 2 }], [3, 3], [3, 3], viewRandom(1, step, 0));
    const rolled = new Float32Array(9);
    sample(image, view, wrap, rolled);
    expect([...rolled].sort()).toEqual([...image]);
    expect((rolled[1]! - rolled[0]! + 3) % 3).toBe(1);
  }
});

it('jitter reaches every whole shift and no other', () => {
  const shifts = new Set<number>();
  for (let step = 0; step < 400; step++) {
    const { x0, y0 } = drawView(
      [{ kind: 'jitter', pixels: 4 }],
      [9, 9],
      [5, 5],
      viewRandom(9, step, 0),
    );
    expect(Number.isInteger(x0) && Number.isInteger(y0)).toBe(true);
    shifts.add(x0 * 10 + y0);
  }
  expect(shifts.size).toBe(25);
});
