import { describe, expect, it } from 'vitest';
import { describeNetwork } from '@convlens/adapters';
import { buildVgg } from '@convlens/adapters/builders';
import { Ascent, Goals, presets, type AscentOptions } from '../src/index.js';
import type { Gpu } from '@convlens/runtime';
import { factors, turns } from '../src/optimisation/gpu/lines.js';
import { native } from './support/run.js';

// What is computed on a GPU is compared with single steps in a browser, where there is one.

const network = describeNetwork(
  buildVgg({ depth: 11, width: 0.0625, inputSize: 32, classes: 10, batch: 'N' }),
);
const outside = new Goals(network, native);
const inside = new Goals(network, { prepare: (graph) => native.prepare(graph), gpu: {} as Gpu });
const { settings } = presets(network).find(({ id }) => id === 'natural')!;
const { start: _, steps: __, ...preset } = settings;
const natural: AscentOptions = { ...preset, goals: [[{ kind: 'class', index: 3 }]], seed: 1 };

describe('an ascent whose numbers stay on the GPU', () => {
  it('is taken where the runtime shares one', () => {
    expect(new Ascent(inside, natural).resident).toBe(true);
    expect(new Ascent(outside, natural).resident).toBe(false);
  });

  it.each([
    ['views that wrap around', { transforms: [{ kind: 'roll', pixels: 3 }] }],
    ['corrections', { corrections: { decay: 0.1 } }],
    ['another power of the total variation', { penalties: [{ kind: 'tv', weight: 1, beta: 1 }] }],
    ['more images than a run takes', { views: 20 }],
    ['pictures that are larger than the memory of a workgroup', { size: [520, 100] }],
  ] as const)('is left to single steps for %s', (_, changes) => {
    const options = { ...natural, ...changes } as AscentOptions;
    expect(new Ascent(inside, options).resident).toBe(false);
  });
});

describe('a transform in rounds', () => {
  it.each([
    [224, [8, 7, 4]],
    [64, [8, 8]],
    [45, [5, 3, 3]],
    [53, [53]],
    [1, [1]],
  ])('divides %i into %j', (length, expected) => {
    expect(factors(length)).toEqual(expected);
  });

  it('knows the quarters of a turn exactly', () => {
    expect([...turns(4)]).toEqual([1, 0, 0, 1, -1, 0, 0, -1]);
    expect([...turns(6)].slice(6, 8)).toEqual([-1, 0]);
  });
});
