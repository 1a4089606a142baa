import type { Attribution, Projections } from '@convlens/engine';
import type { LitElement } from 'lit';
import { expect, it, onTestFinished } from 'vitest';
import { FAKE_BACKEND, tinyNetwork } from '../../../packages/elements/test/tiny-network.js';
import { AttributionChoiceEvent, type AttributionChoice } from '../src/attribution-panel.js';
import '../src/projection-panel.js';

const network = { ...tinyNetwork('alexnet'), handle: 'alexnet' };

/** A panel on a page of its own, with its data. */
async function mount(tag: string, data: object): Promise<LitElement> {
  const panel = document.createElement(tag) as LitElement;
  Object.assign(panel, data);
  document.body.append(panel);
  onTestFinished(() => panel.remove());
  await panel.updateComplete;
  return panel;
}

/** The colour in the middle of a picture of the panel. */
function middle(panel: LitElement, name: string): readonly number[] {
  const canvas = panel.renderRoot.querySelector<HTMLCanvasElement>(`[data-picture=${name}]`)!;
  const { width, height } = canvas;
  return [...canvas.getContext('2d')!.getImageData(width >> 1, height >> 1, 1, 1).data];
}

it('shows projections that anyone has computed: grey is zero', async () => {
  const projection = (rule: 'backprop' | 'deconvnet', value: number): object => ({
    projection: { dtype: 'float32', shape: [3, 8, 8], data: new Float32Array(192).fill(value) },
    ...{ rule, channel: 2, row: 1, column: 3, value: 5 },
  });
  const projections = {
    projections: [projection('backprop', 0), projection('deconvnet', 1)],
    backend: FAKE_BACKEND,
    runMs: 1,
  } as unknown as Projections;
  const layer = network.layers[0];
  const panel = await mount('lens-projection-panel', { projections, layer, inputSize: [8, 8] });
  expect(panel.renderRoot.textContent).toContain('The unit answers 5.00 at row 1, column');
  const label = panel.renderRoot.querySelector('[data-picture=backprop]')!.ariaLabel;
  expect(label).toBe('Gradient projection of channel 2 of conv1');
  const [zero] = middle(panel, 'backprop');
  const [one] = middle(panel, 'deconvnet');
  expect(zero).toBeGreaterThan(120);
  expect(zero).toBeLessThan(136);
  expect(one).toBeGreaterThan(zero! + 50);
});

it('shows an attribution, and says what a person chooses instead', async () => {
  const attribution: Attribution = {
    map: { dtype: 'float32', shape: [8, 8], data: new Float32Array(64) },
    notes: ['A remark.'],
    backend: FAKE_BACKEND,
    runMs: 1,
  };
  const chosen: Partial<AttributionChoice>[] = [];
  const panel = await mount('lens-attribution-panel', {
    ...{ attribution, network, names: ['cat', 'dog'], layers: ['fc', 'conv2'] },
    choice: { target: { kind: 'class', index: 1 }, method: 'occlusion', randomised: 0 },
  });
  panel.addEventListener(AttributionChoiceEvent.type, (event) => {
    chosen.push(event.choice);
  });
  expect(panel.renderRoot.textContent).toContain('A remark.');
  expect(panel.renderRoot.querySelector('[data-picture=alone]')!.ariaLabel).toMatch(/for dog/);
  const [, classes, method] = panel.renderRoot.querySelectorAll('select');
  classes!.value = '0';
  classes!.dispatchEvent(new Event('change'));
  method!.value = 'saliency';
  method!.dispatchEvent(new Event('change'));
  expect(chosen).toEqual([{ target: 0 }, { method: 'saliency' }]);
});
