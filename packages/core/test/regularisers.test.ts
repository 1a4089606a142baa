import { describe, expect, it } from 'vitest';
import { correct, gaussianBlur, yosinskiPresets } from '../src/optimisation/corrections.js';
import { advance, noMemory } from '../src/optimisation/optimisers/table.js';
import { penalise, type Penalty } from '../src/optimisation/penalties/table.js';
import { dot, numbers } from './support/run.js';

const extents = { channels: 2, height: 5, width: 6 };
const size = 60;
const limits = [
  [-1, 1],
  [-1, 1],
] as const;

describe.each<Penalty>([
  { kind: 'l2', weight: 0.3 },
  { kind: 'alpha', weight: 0.2 },
  { kind: 'alpha', weight: 0.2, alpha: 3 },
  { kind: 'tv', weight: 0.5 },
  { kind: 'tv', weight: 0.5, beta: 1.5 },
  { kind: 'tv', weight: 0.5, beta: 3 },
])('the penalty %o', (penalty) => {
  it('has the gradient that finite differences give', () => {
    const image = numbers(size, 4).map((v) => 3 * v);
    const gradient = new Float32Array(size);
    penalise(penalty, { image, extents, unit: 2 }, gradient);
    const value = (x: Float32Array): number =>
      penalise(penalty, { image: x, extents, unit: 2 }, new Float32Array(size));
    for (let trial = 0; trial < 5; trial++) {
      const direction = numbers(size, 30 + trial);
      const h = 1e-3;
      const moved = (sign: number): number =>
        value(image.map((v, i) => v + sign * h * direction[i]!));
      const difference = (moved(1) - moved(-1)) / (2 * h);
      const scale = Math.sqrt(dot(gradient, gradient) * dot(direction, direction));
      expect(Math.abs(difference + dot(gradient, direction)) / scale).toBeLessThan(2e-3);
    }
  });

  it('does not depend on the scale of the input, only on the picture', () => {
    const image = numbers(size, 4);
    const twice = image.map((v) => 58 * v);
    const value = (x: Float32Array, unit: number): number =>
      penalise(penalty, { image: x, extents, unit }, new Float32Array(size));
    expect(value(twice, 58)).toBeCloseTo(value(image, 1), 4);
  });
});

it('the total variation of one step edge is its height squared, times its length', () => {
  const image = Float32Array.of(0, 0, 3, 3, 0, 0, 3, 3);
  const one = { channels: 1, height: 2, width: 4 };
  const penalty = { kind: 'tv', weight: 1 } as const;
  expect(penalise(penalty, { image, extents: one, unit: 1 }, new Float32Array(8))).toBe(18);
});

describe("Yosinski's corrections", () => {
  const run = (
    corrections: object,
    image: Float32Array,
    gradient = new Float32Array(size),
    step = 0,
  ): Float32Array => {
    const copy = image.slice();
    correct(corrections, copy, extents, gradient, step, limits);
    return copy;
  };

  it('decay shrinks, and the four presets are those of the paper', () => {
    const image = numbers(size, 2);
    run({ decay: 0.25 }, image).forEach((v, i) => expect(v).toBeCloseTo(0.75 * image[i]!, 6));
    expect(yosinskiPresets).toHaveLength(4);
    expect(yosinskiPresets[2]).toEqual({ decay: 0.0001, blur: 1, blurEvery: 4 });
  });

  it('blur happens every few steps, keeps the sum and spreads a point as a Gaussian', () => {
    const image = new Float32Array(size);
    image[2 * 6 + 3] = 1;
    expect(run({ blur: 1, blurEvery: 4 }, image, undefined, 3)).toEqual(image);
    const blurred = run({ blur: 1, blurEvery: 4 }, image, undefined, 4);
    expect(blurred.reduce((sum, v) => sum + v, 0)).toBeCloseTo(1, 5);
    const wide = new Float32Array(41 * 41);
    wide[20 * 41 + 20] = 1;
    gaussianBlur(wide, { channels: 1, height: 41, width: 41 }, 2);
    expect(wide[20 * 41 + 22]! / wide[20 * 41 + 20]!).toBeCloseTo(Math.exp(-4 / 8), 3);
  });

  it('clipping empties the share of pixels with the smallest norm, all colours together', () => {
    const image = numbers(size, 6);
    const left = run({ smallNorm: 50 }, image);
    const norm = (x: Float32Array, at: number): number => Math.hypot(x[at]!, x[30 + at]!);
    const kept = Array.from({ length: 30 }, (_, at) => at).filter((at) => norm(left, at) > 0);
    expect(kept).toHaveLength(15);
    const gone = Array.from({ length: 30 }, (_, at) => at).filter((at) => norm(left, at) === 0);
    expect(Math.min(...kept.map((at) => norm(image, at)))).toBeGreaterThan(
      Math.max(...gone.map((at) => norm(image, at))),
    );
  });

  it('clipping by contribution weighs pixels with the gradient', () => {
    const image = numbers(size, 6);
    const gradient = new Float32Array(size);
    gradient[7] = 5;
    const left = run({ smallContribution: 90 }, image, gradient);
    expect(left[7]).toBe(image[7]);
  });

  it('a limit keeps what pictures can show', () => {
    const image = numbers(size, 6).map((v) => 4 * v);
    expect(Math.max(...run({ clip: true }, image).map(Math.abs))).toBe(1);
  });
});

describe('optimisers', () => {
  const gradient = Float32Array.of(3, -4);
  it.each([
    ['rms', Math.sqrt(12.5)],
    ['mean', 3.5],
    ['length', 5],
    ['none', 1],
  ] as const)('ascent divides by the %s of the gradient', (normalise, size) => {
    const x = new Float32Array(2);
    advance({ kind: 'ascent', rate: 2, normalise }, x, gradient, noMemory);
    expect(x[0]).toBeCloseTo(6 / size, 5);
    expect(x[1]).toBeCloseTo(-8 / size, 5);
  });

  it('momentum adds up', () => {
    const x = new Float32Array(2);
    let memory = noMemory;
    for (let i = 0; i < 3; i++)
      memory = advance({ kind: 'momentum', rate: 0.1 }, x, gradient, memory);
    expect(x[0]).toBeCloseTo(0.3 + 0.57 + 0.813, 5);
  });

  it('the first step of Adam has the length of the rate, whatever the gradient', () => {
    const x = new Float32Array(2);
    advance({ kind: 'adam', rate: 0.05 }, x, Float32Array.of(1e-3, -700), noMemory);
    expect([...x].map((v) => v.toFixed(4))).toEqual(['0.0500', '-0.0500']);
  });

  it('a gradient of zero moves nothing and breaks nothing', () => {
    const x = Float32Array.of(1, 2);
    for (const kind of ['ascent', 'momentum', 'adam'] as const) {
      advance({ kind, rate: 1 }, x, new Float32Array(2), noMemory);
    }
    expect([...x]).toEqual([1, 2]);
  });
});
