import { beforeEach, describe, expect, it, vi } from 'vitest';
import { userEvent } from 'vitest/browser';
import type { UnitSelectEvent } from '../src/events.js';
import type { LensTileGrid } from '../src/tile-grid.js';
import '../src/tile-grid.js';
import { mount } from './mount.js';

describe('a thousand units', () => {
  const units = Array.from({ length: 1000 }, (_, i) => 999 - i);
  const paint = vi.fn((unit: number, picture: ImageData) => {
    picture.data.fill(255);
    picture.data[0] = unit % 256;
  });
  let grid: LensTileGrid;
  let chosen: (number | undefined)[];

  beforeEach(async () => {
    paint.mockClear();
    grid = await mount(
      'lens-tile-grid',
      {
        units,
        paint,
        describe: (unit) => `filter ${unit}`,
        tileWidth: 32,
        tileHeight: 32,
        label: 'Filters',
      },
      'width: 400px; height: 200px',
    );
    chosen = [];
    // As an app does.
    grid.addEventListener('lens-unit-select', (event: UnitSelectEvent) => {
      chosen.push(event.unit);
      grid.pinned = event.unit;
    });
    await vi.waitFor(() => expect(paint).toHaveBeenCalled());
  });

  const options = (): HTMLElement[] => [
    ...grid.renderRoot.querySelectorAll<HTMLElement>('[role=option]'),
  ];
  const at = (position: number): HTMLElement | undefined =>
    options().find(({ dataset }) => dataset.position === String(position));
  const focused = (): string | null => grid.shadowRoot!.activeElement?.ariaLabel ?? null;

  it('are a list that says which of how many each is', () => {
    expect(grid.renderRoot.querySelector('[role=listbox]')!.ariaLabel).toBe('Filters');
    const first = at(0)!;
    expect(first.ariaLabel).toBe('filter 999');
    expect(first.getAttribute('aria-setsize')).toBe('1000');
    expect(first.getAttribute('aria-posinset')).toBe('1');
  });

  it('are painted and have an element only where they are in view', async () => {
    expect(options().length).toBeLessThan(200);
    const painted = (): Set<number> => new Set(paint.mock.calls.map(([unit]) => unit));
    await vi.waitFor(() => expect(painted().has(999)).toBe(true));
    expect(painted().has(0)).toBe(false);
    grid.scrollTop = grid.scrollHeight;
    await vi.waitFor(() => expect(painted().has(0)).toBe(true));
    expect(painted().size).toBeLessThan(400);
    expect(at(999)!.ariaLabel).toBe('filter 0');
  });

  it('are one stop of the tab key; arrows, Home and End move', async () => {
    expect(options().filter(({ tabIndex }) => tabIndex === 0)).toEqual([at(0)]);
    at(0)!.focus();
    await userEvent.keyboard('{ArrowRight}');
    await vi.waitFor(() => expect(focused()).toBe('filter 998'));
    await userEvent.keyboard('{End}');
    await vi.waitFor(() => expect(focused()).toBe('filter 0'));
    // What the keyboard is on is in sight.
    const unit = grid.shadowRoot!.activeElement!.getBoundingClientRect();
    const box = grid.getBoundingClientRect();
    expect(unit.bottom).toBeLessThanOrEqual(box.bottom);
    expect(unit.top).toBeGreaterThanOrEqual(box.top);
    await userEvent.keyboard('{Home}');
    await vi.waitFor(() => expect(focused()).toBe('filter 999'));
    expect(chosen).toEqual([]);
  });

  it('are pinned and let go with Enter, space, Escape and the pointer', async () => {
    at(0)!.focus();
    await userEvent.keyboard('{Enter}');
    await grid.updateComplete;
    expect(at(0)!.ariaSelected).toBe('true');
    await userEvent.keyboard(' ');
    await grid.updateComplete;
    expect(at(0)!.ariaSelected).toBe('false');
    await userEvent.click(at(1)!);
    await userEvent.keyboard('{Escape}');
    expect(chosen).toEqual([999, undefined, 998, undefined]);
  });

  it('are scrolled to', async () => {
    grid.reveal(500);
    await vi.waitFor(() => expect(at(499)?.ariaLabel).toBe('filter 500'));
  });
});
