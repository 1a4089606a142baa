import { buildDenseNet, buildVgg } from '@convlens/adapters/builders';
import type { Graph } from '@convlens/onnx';
import { describe, expect, it } from 'vitest';
import { differentiate, objective, vjp } from '../src/index.js';
import { build, countNodes, type NodeSpec } from './support/build.js';
import { differenceError, tolerance } from './support/differences.js';

function scoreGradient(graph: Graph): Graph {
  const value = graph.outputs[0]!.name;
  const target = objective(graph, [{ kind: 'channel', layer: value, channel: 0 }]);
  return differentiate(target.graph, { of: target.value, wrt: ['input'] }).graph;
}

describe('concatenations of everything so far', () => {
  it('cost a constant number of nodes a layer (DenseNet)', () => {
    const sizes = [8, 16, 32].map((layers) => {
      const graph = buildDenseNet({ weights: 'zeros', blocks: [layers], inputSize: 32 });
      return scoreGradient(graph).nodes.length;
    });
    expect(sizes[2]! - sizes[1]!).toBe(2 * (sizes[1]! - sizes[0]!));
    expect((sizes[1]! - sizes[0]!) / 8).toBeLessThan(18);
  });

  it('cost one Split and one Add a layer (DenseNet-121)', () => {
    const graph = buildDenseNet({ weights: 'zeros', depth: 121 });
    const counts = countNodes(scoreGradient(graph));
    const layers = 6 + 12 + 24 + 16;
    expect(counts.Split).toBe(layers);
    expect(counts.Add).toBe(layers);
    expect(counts.Slice).toBeUndefined();
    expect(counts.Concat).toBe(layers);
  });

  it('have the right gradient, in whatever order they are', async () => {
    const nodes: NodeSpec[] = [
      ['Concat', ['x', 'a', 'c'], ['xac'], { axis: 1 }],
      ['Concat', ['x', 'a'], ['xa'], { axis: 1 }],
      ['Concat', ['x', 'a'], ['other'], { axis: 0 }],
      ['ReduceSumSquare', ['xac'], ['p'], { axes: [1, 2] }],
      ['ReduceSumSquare', ['xa'], ['q'], { axes: [1, 2] }],
      ['ReduceSumSquare', ['other'], ['r'], { axes: [0, 1, 2] }],
      ['Sum', ['p', 'q', 'r'], ['y']],
    ];
    const shape = [2, 3, 2];
    const graph = build({ x: shape, a: shape, c: shape }, nodes, ['y']);
    expect(await differenceError(graph)).toBeLessThan(tolerance);
    const product = vjp(graph, { cotangents: { y: { input: 'dy' } }, wrt: ['x', 'a', 'c'] });
    expect(countNodes(product.graph).Split).toBe(3);
  });
});

describe('compiling', () => {
  it('VGG-16 into plain convolutions', () => {
    const gradient = scoreGradient(buildVgg({ depth: 16, weights: 'zeros' }));
    expect(countNodes(gradient).ConvTranspose).toBeUndefined();
  });
});
