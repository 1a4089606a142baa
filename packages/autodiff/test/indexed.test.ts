import type { TensorData } from '@convlens/onnx';
import { describe, expect, it } from 'vitest';
import { build, floats, integers } from './support/build.js';
import { differenceError, tolerance } from './support/differences.js';

const table = (shape: readonly number[], ...list: number[]): TensorData => ({
  ...integers(...list),
  shape,
});

describe('reading and writing at indices', () => {
  it('GatherElements, one element read twice', async () => {
    const at = table([2, 3], 1, 1, 0, 3, 1, 2);
    const graph = build({ x: [4, 3] }, [['GatherElements', ['x', 'at'], ['y']]], ['y'], { at });
    expect(await differenceError(graph)).toBeLessThan(tolerance);
    const other = table([4, 2], 0, 2, 1, 1, 2, 0, 0, 0);
    const nodes = [['GatherElements', ['x', 'at'], ['y'], { axis: 1 }]] as const;
    const along = build({ x: [4, 3] }, nodes, ['y'], { at: other });
    expect(await differenceError(along)).toBeLessThan(tolerance);
  });

  it('GatherND', async () => {
    const at = table([3, 2], 0, 1, 2, 2, 0, 1);
    const graph = build({ x: [3, 4, 2] }, [['GatherND', ['x', 'at'], ['y']]], ['y'], { at });
    expect(await differenceError(graph)).toBeLessThan(tolerance);
  });

  it.each(['none', 'add'])('ScatterElements, %s', async (reduction) => {
    const at = table([2, 3], 1, 3, 0, 3, 1, 2);
    const graph = build(
      { x: [4, 3], u: [2, 3] },
      [['ScatterElements', ['x', 'at', 'u'], ['y'], { reduction }]],
      ['y'],
      { at },
    );
    expect(await differenceError(graph)).toBeLessThan(tolerance);
  });

  it.each(['none', 'add'])('ScatterND, %s', async (reduction) => {
    const at = table([3, 1], 4, 1, 2);
    const graph = build(
      { x: [6, 2], u: [3, 2] },
      [['ScatterND', ['x', 'at', 'u'], ['y'], { reduction }]],
      ['y'],
      { at },
    );
    expect(await differenceError(graph)).toBeLessThan(tolerance);
  });

  it('a reduction without a derivative is named', async () => {
    const at = table([3, 1], 4, 1, 2);
    const nodes = [['ScatterND', ['x', 'at', 'u'], ['y'], { reduction: 'max' }]] as const;
    const graph = build({ x: [6, 2], u: [3, 2] }, nodes, ['y'], { at }, 18);
    await expect(differenceError(graph)).rejects.toThrow(
      'Cannot differentiate ScatterND "scatternd0": its reduction "max"',
    );
  });

  it('TopK, largest and smallest', async () => {
    for (const largest of [1, 0]) {
      const graph = build(
        { x: [3, 7] },
        [['TopK', ['x', 'k'], ['y', 'at'], { axis: 1, largest }]],
        ['y'],
        { k: integers(3) },
      );
      expect(await differenceError(graph)).toBeLessThan(tolerance);
    }
  });

  it('CumSum, in both directions, with and without its own element', async () => {
    for (const reverse of [0, 1]) {
      for (const exclusive of [0, 1]) {
        const nodes = [['CumSum', ['x', 'axis'], ['y'], { reverse, exclusive }]] as const;
        const graph = build({ x: [3, 5] }, nodes, ['y'], { axis: table([], 1) });
        expect(await differenceError(graph)).toBeLessThan(tolerance);
      }
    }
  });

  it('Trilu, both triangles', async () => {
    for (const upper of [0, 1]) {
      const nodes = [['Trilu', ['x', 'k'], ['y'], { upper }]] as const;
      const graph = build({ x: [2, 4, 5] }, nodes, ['y'], { k: table([], 1) });
      expect(await differenceError(graph)).toBeLessThan(tolerance);
    }
  });
});

describe('Einsum', () => {
  it.each([
    ['ij,jk->ik', [3, 4], [4, 5]],
    ['bhid,bhjd->bhij', [2, 2, 3, 4], [2, 2, 5, 4]],
    ['ij,kj', [3, 4], [5, 4]],
    ['ij,jk->k', [3, 4], [4, 5]],
    ['i,j->ij', [3], [4]],
    ['ijk,j->ik', [2, 3, 4], [3]],
  ])('%s', async (equation, x, w) => {
    const graph = build({ x, w }, [['Einsum', ['x', 'w'], ['y'], { equation }]], ['y']);
    expect(await differenceError(graph)).toBeLessThan(tolerance);
  });

  it.each(['ij->ji', 'ij->i', 'ij->'])('one input, %s', async (equation) => {
    const graph = build({ x: [3, 4] }, [['Einsum', ['x'], ['y'], { equation }]], ['y']);
    expect(await differenceError(graph)).toBeLessThan(tolerance);
  });

  it('a diagonal is refused by name', async () => {
    const nodes = [['Einsum', ['x'], ['y'], { equation: 'ii->i' }]] as const;
    await expect(differenceError(build({ x: [3, 3] }, nodes, ['y']))).rejects.toThrow('a diagonal');
  });
});

describe('Dropout', () => {
  it('of nothing is the identity in training too; else it is refused', async () => {
    const training: TensorData = { dtype: 'bool', shape: [], data: Uint8Array.of(1) };
    const graph = (ratio: number) =>
      build({ x: [3, 4] }, [['Dropout', ['x', 'ratio', 'training'], ['y']]], ['y'], {
        ratio: floats([], [ratio]),
        training,
      });
    expect(await differenceError(graph(0))).toBeLessThan(tolerance);
    await expect(differenceError(graph(0.5))).rejects.toThrow('training mode');
  });
});
