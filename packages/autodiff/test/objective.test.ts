import { LensError, type Graph } from '@convlens/onnx';
import { describe, expect, it } from 'vitest';
import { differentiate, objective, type Objective } from '../src/index.js';
import { build } from './support/build.js';
import { differenceError, tolerance } from './support/differences.js';
import { noise, run } from './support/run.js';

const [batch, channels, height, width] = [2, 3, 4, 5];
const positions = height * width;

/** A map and a vector, as a network would have them. */
function values(n: number | string = batch, opset = 13): Graph {
  return build(
    { x: [n, channels, height, width], v: [n, 6] },
    [
      ['Neg', ['x'], ['map']],
      ['Neg', ['v'], ['vector']],
    ],
    ['map', 'vector'],
    {},
    opset,
  );
}

const feeds = { x: noise(batch * channels * positions, 1), v: noise(batch * 6, 2) };
const at = (n: number, c: number, p: number): number =>
  -feeds.x[(n * channels + c) * positions + p]!;
const sumOver = (count: number, f: (i: number) => number): number =>
  Array.from({ length: count }, (_, i) => f(i)).reduce((a, b) => a + b, 0);
const perImage = (f: (n: number) => number): number => sumOver(batch, f);
const direction = [0.5, -1, 2];

function dot(n: number, p: number): number {
  return sumOver(channels, (c) => at(n, c, p) * direction[c]!);
}

function cosinePart(n: number, p: number): number {
  const own = Math.sqrt(sumOver(channels, (c) => at(n, c, p) ** 2) + 1e-8);
  const cosine = dot(n, p) / (own * (Math.hypot(...direction) + 1e-4));
  return dot(n, p) * Math.max(cosine, 0.1) ** 2;
}

const cases: [Objective, number][] = [
  [[{ kind: 'channel', layer: 'vector', channel: 4 }], perImage((n) => -feeds.v[n * 6 + 4]!)],
  [[{ kind: 'neuron', layer: 'vector', channel: 1 }], perImage((n) => -feeds.v[n * 6 + 1]!)],
  [
    [{ kind: 'neuron', layer: 'map', channel: 2, row: 1, column: 3 }],
    perImage((n) => at(n, 2, 1 * width + 3)),
  ],
  [
    [{ kind: 'channel', layer: 'map', channel: 1 }],
    perImage((n) => sumOver(positions, (p) => at(n, 1, p)) / positions),
  ],
  [
    [{ kind: 'layer', layer: 'map' }],
    perImage(
      (n) =>
        sumOver(channels, (c) => sumOver(positions, (p) => at(n, c, p) ** 2)) /
        (2 * channels * positions),
    ),
  ],
  [
    [{ kind: 'direction', layer: 'map', direction }],
    perImage((n) => sumOver(positions, (p) => dot(n, p)) / positions),
  ],
  [
    [{ kind: 'direction', layer: 'map', direction, cosine: 2 }],
    perImage((n) => sumOver(positions, (p) => cosinePart(n, p)) / positions),
  ],
];
cases.push([
  [...cases[0]![0], { kind: 'layer', layer: 'map', weight: -1.5 }, ...cases[2]![0]],
  cases[0]![1] - 1.5 * cases[4]![1] + cases[2]![1],
]);

describe('objectives', () => {
  it.each(cases)('%j', async (spec, expected) => {
    for (const opset of [9, 13, 18]) {
      const { graph, value } = objective(values(batch, opset), spec);
      expect(graph.outputs.map(({ name }) => name)).toEqual(['map', 'vector', value]);
      expect(graph.outputs[2]!.shape).toEqual([]);
      const result = (await run(graph, feeds))[value]!;
      expect(result).toHaveLength(1);
      expect(result[0]).toBeCloseTo(expected, 5);
    }
  });

  it.each(cases.slice(1))('%j: its gradient', async (spec) => {
    const { graph, value } = objective(values(), spec);
    const layers = new Set(spec.map((term) => ('layer' in term ? term.layer : '')));
    const used = [...(layers.has('map') ? ['x'] : []), ...(layers.has('vector') ? ['v'] : [])];
    const alone = { ...graph, outputs: graph.outputs.filter(({ name }) => name === value) };
    expect(await differenceError(alone, { wrt: used })).toBeLessThan(tolerance);
  });

  it('takes an open batch', async () => {
    const { graph, value } = objective(values('N'), cases[4]![0]);
    expect(graph.outputs[2]!.shape).toEqual([]);
    const result = differentiate(graph, { of: value, wrt: ['x'], batch: 2 });
    expect((await run(result.graph, feeds))[value]![0]).toBeCloseTo(cases[4]![1], 5);
  });

  it('is finite where a position is dead', async () => {
    const { graph, value } = objective(values(), cases[6]![0]);
    const result = differentiate(graph, { of: value, wrt: ['x'] });
    const results = await run(result.graph, { x: new Float32Array(feeds.x.length) });
    expect(results.d_x!.every(Number.isFinite)).toBe(true);
  });
});

describe('errors', () => {
  it.each<[string, Objective]>([
    ['E_VALUE_UNKNOWN', [{ kind: 'layer', layer: 'nope' }]],
    ['E_SHAPE', [{ kind: 'channel', layer: 'alone', channel: 0 }]],
    ['E_ARGUMENT', [{ kind: 'channel', layer: 'vector', channel: 6 }]],
    ['E_ARGUMENT', [{ kind: 'channel', layer: 'map', channel: -1 }]],
    ['E_ARGUMENT', [{ kind: 'neuron', layer: 'map', channel: 0, row: 4, column: 0 }]],
    ['E_ARGUMENT', [{ kind: 'neuron', layer: 'map', channel: 0, row: 0, column: 5 }]],
    ['E_ARGUMENT', [{ kind: 'direction', layer: 'map', direction: [1] }]],
    ['E_ARGUMENT', [{ kind: 'class', index: 0 }]],
    ['E_ARGUMENT', [{ kind: 'match', layer: 'map' }]],
    ['E_ARGUMENT', []],
  ])('%s %j', (code, spec) => {
    const graph = build(
      { x: [2, 3, 4, 5], v: [2, 6], a: [2] },
      [
        ['Neg', ['x'], ['map']],
        ['Neg', ['v'], ['vector']],
        ['Neg', ['a'], ['alone']],
      ],
      ['map', 'vector', 'alone'],
    );
    const run = (): unknown => objective(graph, spec);
    expect(run).toThrow(LensError);
    expect(run).toThrow(expect.objectContaining({ code }));
  });
});
