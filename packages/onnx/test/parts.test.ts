import { describe, expect, it } from 'vitest';
import { float32, read, write, writeParts } from '../src/index.js';
import { graph, info, node } from './build.js';

const large = Float32Array.from({ length: 8192 }, (_, i) => i / 3);
const example = graph({
  inputs: [info('x', [8192])],
  outputs: [info('y', [8192])],
  nodes: [node('Add', ['x', 'w'], ['s']), node('Mul', ['s', 'f'], ['y'])],
  weights: { w: float32(large, [8192]), f: float32(Float32Array.of(2), [1]) },
});

describe('a model written in parts', () => {
  const { model, weights } = writeParts(example);

  it('has its large weights beside it, without a copy, and the small ones in it', () => {
    expect(weights.size).toBe(1);
    const [part] = weights.values();
    expect(part!.buffer).toBe(large.buffer);
    expect(part!.byteLength).toBe(large.byteLength);
    expect(model.length).toBeLessThan(1000);
  });

  it('is read back as the model that is written in one', () => {
    const whole = read(write(example));
    const parts = read(model, { externalData: weights });
    expect(parts.nodes).toEqual(whole.nodes);
    expect([...parts.initializers]).toEqual([...whole.initializers]);
  });
});
