import type { LayerSummary } from '@convlens/engine';
import { beforeEach, describe, expect, it } from 'vitest';
import { userEvent } from 'vitest/browser';
import type { LayerSelectEvent } from '../src/events.js';
import type { LensSpine } from '../src/spine.js';
import '../src/spine.js';
import { mount } from './mount.js';

const layer = (id: string, kind: LayerSummary['kind'], main: boolean): LayerSummary => ({
  id,
  kind,
  main,
  value: id,
  op: 'Conv',
  shape: [64, 16, 16],
  parameters: kind === 'conv' ? 1792 : 0,
  macs: 0,
  from: [],
  stage: id.slice(0, 5),
  block: id.slice(0, 5),
  hasKernels: kind === 'conv',
});
const layers = [
  layer('conv1', 'conv', true),
  layer('conv1.pad', 'other', false),
  layer('relu1', 'activation', true),
  layer('pool1', 'pool', true),
];

describe('the layers', () => {
  let spine: LensSpine;
  let chosen: string[];

  beforeEach(async () => {
    spine = await mount('lens-spine', { layers, selected: 'conv1' });
    chosen = [];
    // As an app does.
    spine.addEventListener('lens-layer-select', (event: LayerSelectEvent) => {
      chosen.push(event.layer);
      spine.selected = event.layer;
    });
  });

  const options = (): HTMLElement[] => [
    ...spine.renderRoot.querySelectorAll<HTMLElement>('[role=option]'),
  ];
  const ids = (): (string | undefined)[] => options().map(({ dataset }) => dataset.layer);

  it('are a list that says what each of them is', () => {
    expect(spine.renderRoot.querySelector('[role=listbox]')!.ariaLabel).toBe('Layers');
    expect(options()[0]!.ariaLabel).toMatch(/^conv1: convolution, 64 × 16 × 16, .* parameters$/);
    expect(options()[1]!.ariaLabel).toBe('relu1: activation, 64 × 16 × 16');
  });

  it('are those that a person would name, or every one', async () => {
    expect(ids()).toEqual(['conv1', 'relu1', 'pool1']);
    spine.renderRoot.querySelector('input')!.click();
    await spine.updateComplete;
    expect(ids()).toEqual(layers.map(({ id }) => id));
  });

  it('include the chosen one, whatever it is', async () => {
    spine.selected = 'conv1.pad';
    await spine.updateComplete;
    expect(ids()).toContain('conv1.pad');
  });

  it('are one stop of the tab key, and the arrow keys choose', async () => {
    expect(options().map(({ tabIndex }) => tabIndex)).toEqual([0, -1, -1]);
    options()[0]!.focus();
    await userEvent.keyboard('{ArrowDown}');
    await spine.updateComplete;
    expect(spine.shadowRoot!.activeElement).toBe(options()[1]);
    expect(options().map(({ ariaSelected }) => ariaSelected)).toEqual(['false', 'true', 'false']);
    await userEvent.keyboard('{End}');
    await userEvent.keyboard('{ArrowDown}');
    await userEvent.keyboard('{Home}');
    expect(chosen).toEqual(['relu1', 'pool1', 'conv1']);
  });

  it('are chosen with the pointer', async () => {
    await userEvent.click(options()[2]!);
    expect(chosen).toEqual(['pool1']);
  });
});
