import { describe, expect, it } from 'vitest';
import {
  attributionDescriptions,
  attributionMethods,
  checkRecipe,
  classGoal,
  presets,
  projectionDescriptions,
  projectionRules,
  termParameters,
  visualizeRecipe,
  type Term,
} from '../src/index.js';
import { correctionParameters } from '../src/optimisation/corrections.js';
import { whyOffGpu } from '../src/optimisation/off-gpu.js';
import { optimisers } from '../src/optimisation/optimisers/table.js';
import type { OptimiserKind } from '../src/optimisation/optimisers/optimiser.js';
import { parametrisations } from '../src/optimisation/parametrisations.js';
import type { PenaltyKind } from '../src/optimisation/penalties/penalty.js';
import { penalties } from '../src/optimisation/penalties/table.js';
import { sample, sampleAdjoint, type Sampling } from '../src/optimisation/sampling.js';
import { transforms, type Transform } from '../src/optimisation/transforms/table.js';
import { drawView, viewRandom } from '../src/optimisation/view.js';
import { filled } from '../src/schema/settings.js';
import { fits } from '../src/schema/fits.js';
import type { KindOf, Parameters } from '../src/schema/parameter.js';
import { dot, numbers } from './support/run.js';

// Every row of every table, so that a new one is held to what the others are without a test of its own.

const extents = { channels: 3, height: 6, width: 7 };
const size = 3 * 6 * 7;
const preprocessing = {
  channelOrder: 'RGB',
  range: 1,
  mean: [0.5, 0.4, 0.3],
  std: [0.2, 0.3, 0.25],
} as const;
const canvas = { ...extents, preprocessing, unit: 0.9 };
const [natural] = presets({ input: { name: 'x', shape: [3, 64, 64] } });
const recipe = visualizeRecipe('net', [classGoal(1)], natural!);

const rows = <T>(table: Readonly<Record<string, T>>): [string, T][] => Object.entries(table);

/** The derivative along a direction, by central differences. */
function along(
  value: (x: Float32Array) => number,
  at: Float32Array,
  direction: Float32Array,
): number {
  const h = 2 ** -8;
  const moved = (sign: number): number => value(at.map((v, i) => v + sign * h * direction[i]!));
  return (moved(1) - moved(-1)) / (2 * h);
}

/** How far a gradient is from central differences, as a part of what it could be. */
function apart(
  value: (x: Float32Array) => number,
  at: Float32Array,
  gradient: Float32Array,
): number {
  return Math.max(
    ...[1, 2, 3].map((seed) => {
      const direction = numbers(at.length, seed);
      const scale = Math.sqrt(dot(gradient, gradient) * dot(direction, direction));
      return Math.abs(along(value, at, direction) - dot(gradient, direction)) / scale;
    }),
  );
}

function fallbacksFit(parameters: Parameters): void {
  const settings = filled(parameters);
  for (const [name, parameter] of Object.entries(parameters)) {
    expect(fits(parameter, settings[name]), name).toBe(true);
    if (parameter.kind !== 'number' || !parameter.control) continue;
    for (const end of parameter.control) expect(fits(parameter, end), `${name} ${end}`).toBe(true);
  }
}

describe.each(rows(penalties as Readonly<Record<string, PenaltyKind>>))(
  'the penalty %s',
  (kind, row) => {
    const settings = filled(row.parameters, { weight: 0.3 });

    it('has the gradient of finite differences', () => {
      const image = numbers(size, 4).map((v) => 2 * v);
      const value = (x: Float32Array, gradient = new Float32Array(size)): number =>
        -row.penalise(settings, { image: x, extents, unit: 0.9 }, gradient);
      const gradient = new Float32Array(size);
      value(image, gradient);
      expect(dot(gradient, gradient)).toBeGreaterThan(0);
      expect(apart((x) => value(x), image, gradient)).toBeLessThan(2e-3);
    });

    it('makes a recipe with its defaults, and has WGSL for them or says why not', () => {
      fallbacksFit(row.parameters);
      checkRecipe({ ...recipe, penalties: [{ kind, ...filled(row.parameters) }] });
      const offered = row.gpu(settings);
      expect(whyOffGpu(offered)).not.toBe('');
      if (!('offGpu' in offered)) {
        expect(offered.value(canvas)).toContain('sum +=');
        expect(offered.gradient(canvas)).toMatch(/sums\[c\] [-+]=/);
      }
    });
  },
);

describe.each(rows(optimisers as Readonly<Record<string, OptimiserKind>>))(
  'the optimiser %s',
  (kind, row) => {
    it('climbs a hill to its top, with the moments that it says it keeps', () => {
      const settings = filled(row.parameters, { rate: 0.05, normalise: 'none' });
      const x = Float32Array.of(1, -2, 0.5);
      const moments = Array.from({ length: row.moments }, () => new Float32Array(3));
      const start = dot(x, x);
      for (let step = 1; step <= 400; step++) {
        const rate = row.corrected?.(0.05, step) ?? 0.05;
        row.step(
          settings,
          rate,
          x,
          x.map((v) => -v),
          moments,
        );
      }
      expect(dot(x, x)).toBeLessThan(1e-3 * start);
      for (const moment of moments) expect(moment.some((v) => v !== 0)).toBe(true);
    });

    it('makes a recipe with its defaults, and has WGSL for them or says why not', () => {
      fallbacksFit(row.parameters);
      checkRecipe({ ...recipe, optimiser: { kind, ...filled(row.parameters) } });
      const offered = row.gpu(filled(row.parameters));
      expect(whyOffGpu(offered)).not.toBe('');
      if (!('offGpu' in offered)) expect(offered.move(9)).toMatch(/parameters\[i\] \+=/);
    });
  },
);

describe.each(rows(transforms))('the transform %s', (kind, row) => {
  const transform = { kind, ...filled(row.parameters) } as Transform;

  it('passes gradients back as finite differences do', () => {
    const grey = (_: number, value: number): number => value;
    const sampling: Sampling = { channels: 3, image: [40, 44], input: [12, 10], grey };
    const view = drawView([transform], [40, 44], [12, 10], viewRandom(3, 1, 0));
    const image = numbers(3 * 40 * 44, 8);
    const seen = (x: Float32Array): Float32Array => {
      const out = new Float32Array(3 * 12 * 10);
      sample(x, view, sampling, out, 0);
      return out;
    };
    const weights = numbers(3 * 12 * 10, 9);
    const gradient = new Float32Array(image.length);
    sampleAdjoint(weights, view, sampling, gradient, 1, 0);
    expect(dot(gradient, gradient)).toBeGreaterThan(0);
    expect(apart((x) => dot(seen(x), weights), image, gradient)).toBeLessThan(1e-4);
  });

  it('makes a recipe with its defaults, and says whether the kernel of views shows it', () => {
    fallbacksFit(row.parameters);
    checkRecipe({ ...recipe, transforms: [transform] });
    const view = drawView([transform], [40, 44], [12, 10], viewRandom(3, 1, 0));
    // The kernel knows no view that wraps around.
    if (view.beyond === 'wrap') expect(whyOffGpu(row.gpu)).toBeTruthy();
    else expect(row.gpu).toEqual({ kernel: 'affine' });
  });
});

describe.each(rows(parametrisations))('the parametrisation %s', (kind, row) => {
  it('pulls gradients back as finite differences do, from as many numbers as the GPU has', () => {
    const made = row.make(canvas, {});
    const at = made.noise(3, 'tables');
    const imageOf = (numbers: Float32Array): Float32Array => {
      const image = new Float32Array(size);
      made.image(numbers, image);
      return image;
    };
    const weights = numbers(size, 5);
    const gradient = new Float32Array(made.length);
    made.pullback(weights.slice(), at, imageOf(at), gradient);
    expect(apart((x) => dot(imageOf(x), weights), at, gradient)).toBeLessThan(5e-3);
    const offered = row.gpu(canvas, {});
    expect(whyOffGpu(offered)).not.toBe('');
    const scale = 'scale' in offered ? offered.scale.length : size;
    expect(made.length).toBe(
      'numbers' in offered && offered.numbers === 'coefficients' ? 6 * scale : scale,
    );
  });

  it('is one that recipes know', () => {
    expect(checkRecipe({ ...recipe, parametrisation: kind })).toBeTruthy();
  });
});

it.each(rows<Parameters>(termParameters))(
  'the term %s makes a recipe with its defaults',
  (kind, row) => {
    fallbacksFit(row);
    // The schema and the type say the same of what is kept, in both directions: the compiler holds this line.
    const same = (term: KindOf<typeof termParameters>): Term => term;
    const back = (term: Term): KindOf<typeof termParameters> => term;
    const term = same({ kind, ...filled(row) } as KindOf<typeof termParameters>);
    expect(checkRecipe({ ...recipe, goals: [[back(term)]] })).toBeTruthy();
  },
);

it.each(attributionMethods)('the attribution method %s has defaults that it takes', (method) => {
  fallbacksFit(attributionDescriptions[method].parameters);
});

it('the rules of projections are all described, each in words of its own', () => {
  const titles = projectionRules.map((rule) => projectionDescriptions[rule].title);
  expect(new Set(titles).size).toBe(Object.keys(projectionDescriptions).length);
});

it('the corrections have defaults that recipes take', () => {
  fallbacksFit(correctionParameters);
  expect(checkRecipe({ ...recipe, corrections: filled(correctionParameters) })).toBeTruthy();
});
