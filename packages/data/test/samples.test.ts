import { describe, expect, it } from 'vitest';
import { renderSample, sampleScenes } from '../src/samples/index.js';

describe('sample pictures', () => {
  it('are eleven, each with its own id', () => {
    expect(new Set(sampleScenes.map(({ id }) => id)).size).toBe(sampleScenes.length);
    expect(sampleScenes.length).toBe(11);
  });

  it.each(sampleScenes)('$id: the same bytes each time, opaque, not flat', ({ id }) => {
    const size = 40;
    const { width, height, data } = renderSample(id, size);
    expect([width, height, data.length]).toEqual([size, size, size * size * 4]);
    expect(renderSample(id, size).data).toEqual(data);
    let darkest = 255;
    let brightest = 0;
    for (let i = 0; i < data.length; i += 4) {
      expect(data[i + 3]).toBe(255);
      const light = (data[i]! + data[i + 1]! + data[i + 2]!) / 3;
      darkest = Math.min(darkest, light);
      brightest = Math.max(brightest, light);
    }
    expect(brightest - darkest).toBeGreaterThan(60);
  });

  it('says which there are when one is not', () => {
    expect(() => renderSample('unicorn', 8)).toThrow(/no sample "unicorn".*espresso/);
  });
});
