import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { attributionMethods, seenWindow, type FieldWindow } from '@convlens/core';
import { renderSample } from '@convlens/data/samples';
import {
  createNodeEngine,
  type Attribution,
  type AttributionMethod,
  type ImageHandle,
  type JobRequest,
  type NetworkHandle,
} from '../src/node/index.js';

const url = fileURLToPath(new URL('../../../models/alexnet.onnx', import.meta.url));
const engine = createNodeEngine();
const unit = { kind: 'neuron', layer: 'relu2', channel: 7, row: 6, column: 12 } as const;
let network: NetworkHandle;
let image: ImageHandle;

beforeAll(async () => {
  network = await engine.openNetwork({ id: 'net', url });
  const pixels = renderSample('espresso', 64);
  image = await engine.openImage({ pixels });
});

const attribute = (
  method: AttributionMethod,
  target: JobRequest<'attribution'>['target'] = unit,
): Promise<Attribution> =>
  engine.run('attribution', { network: network.id, image: image.id, target, method });

/** What the unit sees of the 64 x 64 image. */
const seen = (): FieldWindow => {
  const { field } = network.summary.layers.find(({ id }) => id === unit.layer)!;
  return seenWindow(field, [unit.row, unit.column], [64, 64]);
};

describe('attribution of a unit', () => {
  it.each(attributionMethods.filter((method) => method !== 'gradcam'))(
    '%s says nothing of what lies outside its receptive field, and something of what lies inside',
    async (method) => {
      const { map } = await attribute(method);
      const [rows = 1, columns = 1] = map.shape.slice(-2);
      const { left, top, width, height } = seen();
      expect(width).toBeLessThan(50);
      // Patches of occlusion are 8 pixels wide and start every 4; elsewhere a value is a pixel.
      const [step, size] = method === 'occlusion' ? [4, 8] : [1, 1];
      const touches = (at: number, start: number, length: number): boolean =>
        at * step + size > start && at * step < start + length;
      let inside = 0;
      map.data.forEach((value, i) => {
        const row = Math.floor((i % (rows * columns)) / columns);
        if (touches(i % columns, left, width) && touches(row, top, height)) {
          inside = Math.max(inside, Math.abs(value));
        } else expect(Math.abs(value)).toBe(0);
      });
      expect(inside).toBeGreaterThan(0);
    },
  );

  it("saliency is the gradient projection's size, without the unit's value", async () => {
    const { map } = await attribute('saliency');
    const { projections } = await engine.run('projections', {
      network: network.id,
      image: image.id,
      target: unit,
      rules: ['backprop'],
    });
    const { projection, value } = projections[0]!;
    expect(value).toBeGreaterThan(0);
    map.data.forEach((size, i) => {
      const colours = [0, 1, 2].map((c) => Math.abs(projection.data[c * 4096 + i]! / value));
      expect(size).toBeCloseTo(Math.max(...colours), 5);
    });
  });

  it('integrated gradients add up to the change of its answer', async () => {
    const { notes } = await attribute('integrated');
    const gap = Number(/([\d.]+) % of/.exec(notes.join(' '))![1]);
    expect(gap).toBeLessThan(5);
  });

  it('Grad-CAM weighs a layer below it, named, and refuses units that have none', async () => {
    const { map, notes } = await attribute('gradcam');
    expect(map.shape).toEqual([15, 15]);
    expect(notes).toEqual(['Over the maps of pool1, also where the unit does not look.']);
    expect(map.data.some((value) => value > 0)).toBe(true);
    const first = { kind: 'neuron', layer: 'relu1', channel: 0, row: 3, column: 3 } as const;
    for (const method of ['gradcam', 'guided-gradcam'] as const) {
      await expect(attribute(method, first)).rejects.toMatchObject({ code: 'E_ARGUMENT' });
    }
  });
});
