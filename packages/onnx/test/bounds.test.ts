import { describe, expect, it } from 'vitest';
import { multiplyDims } from '../src/dims.js';
import { inferShapes, LensError, withinTime, type Graph, type Node } from '../src/index.js';

const node = (op: string, inputs: string[], output: string): Node => ({
  name: output,
  op,
  domain: '',
  inputs,
  outputs: [output],
  attributes: {},
});

/** A shape whose open extent is computed from itself, again and again. */
function growing(op: string, steps: number): Graph {
  const nodes = [node('Shape', ['x'], 's0')];
  for (let i = 0; i < steps; i++) nodes.push(node(op, [`s${i}`, `s${i}`], `s${i + 1}`));
  return {
    name: 'growing',
    opset: 13,
    otherOpsets: {},
    inputs: [{ name: 'x', dtype: 'float32', shape: ['N', 3, 'H', 'W'] }],
    outputs: [{ name: `s${steps}`, dtype: 'int64', shape: undefined }],
    nodes,
    initializers: new Map(),
    values: new Map(),
    metadata: new Map(),
    producer: 'test',
  };
}

function codeOf(work: () => unknown): string | undefined {
  try {
    work();
    return undefined;
  } catch (error) {
    return error instanceof LensError ? error.code : String(error);
  }
}

describe('what a file may ask of its reader', () => {
  it.each([8, 26, 60])('open extents squared %i times are refused by name', (steps) => {
    // 2^8 factors are a network's whim; 2^26 would be 64 MB of letters for one extent.
    const code = codeOf(() => inferShapes(growing('Mul', steps)));
    expect(code).toBe(steps === 8 ? undefined : 'E_BOUND');
  });

  it('open extents added to themselves stay short however often', () => {
    expect(codeOf(() => inferShapes(growing('Add', 40)))).toBeUndefined();
  });

  it('expressions of real sizes are let through', () => {
    expect(multiplyDims(Array.from({ length: 100 }, () => 'N'))).toContain('N*N');
  });

  it('a reading that takes longer than it may is given up between two nodes', () => {
    expect(codeOf(() => withinTime(-1, () => inferShapes(growing('Add', 2))))).toBe('E_BOUND');
    // The limit ends with its reading.
    expect(codeOf(() => inferShapes(growing('Add', 2)))).toBeUndefined();
  });

  it('a nesting deeper than the stack has a name', () => {
    const deep = (): number => deep() + 1;
    expect(codeOf(() => withinTime(1000, deep))).toBe('E_BOUND');
  });
});
