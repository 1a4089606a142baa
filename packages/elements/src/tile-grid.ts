import {
  css,
  html,
  LitElement,
  type CSSResultGroup,
  type PropertyValues,
  type TemplateResult,
} from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import { define } from './define.js';
import { UnitHoverEvent, UnitSelectEvent } from './events.js';
import { tokens } from './tokens.js';

/** Draws one unit: fills an RGBA picture of the tile's own size. */
export type TilePainter = (unit: number, picture: ImageData) => void;

/** Milliseconds of painting before the browser gets its turn. */
const SLICE_MS = 10;

/**
 * A grid of small pictures, one a unit, that stays smooth with thousands of them: only what is in view is painted,
 * on one canvas, and has an element for pointer, keyboard and screen reader.
 *
 * @summary Scrolling grid of unit pictures.
 * @fires lens-unit-hover - the pointer or focus is on a unit
 * @fires lens-unit-select - a unit was pinned or let go
 */
export class LensTileGrid extends LitElement {
  static override properties = {
    units: { attribute: false },
    paint: { attribute: false },
    describe: { attribute: false },
    tileWidth: { attribute: false },
    tileHeight: { attribute: false },
    pinned: { attribute: false },
    revision: { attribute: false },
    smooth: { attribute: false },
    gap: { attribute: false },
    label: {},
  };

  static override styles: CSSResultGroup = [
    tokens,
    css`
      :host {
        display: block;
        position: relative;
        overflow: hidden auto;
        background: var(--well);
        contain: strict;
      }
      canvas {
        position: sticky;
        top: 0;
        left: 0;
        display: block;
      }
      .units {
        position: absolute;
        inset: 0 0 auto;
      }
      .unit {
        position: absolute;
        cursor: pointer;
      }
      .unit:hover {
        box-shadow: 0 0 0 2px var(--text);
      }
      .unit:focus-visible,
      .unit[aria-selected='true'] {
        outline: 3px solid var(--accent);
        outline-offset: 0;
        z-index: 1;
      }
    `,
  ];

  /** Indices of the units, in the order shown. */
  declare units: readonly number[];
  declare paint: TilePainter | undefined;
  /** One sentence about a unit, for screen readers. */
  declare describe: (unit: number) => string;
  /** Size of a unit's own picture, in its pixels. */
  declare tileWidth: number;
  declare tileHeight: number;
  declare pinned: number | undefined;
  /** Changed by the owner whenever the pictures have new contents. */
  declare revision: number;
  /** Smooth enlarging, for photos; pictures of numbers keep crisp pixels. */
  declare smooth: boolean;
  /** Pixels between the pictures. */
  declare gap: number;
  /** What the grid shows, for screen readers. */
  declare label: string;

  readonly #canvas = document.createElement('canvas');
  readonly #scratch = document.createElement('canvas');
  readonly #resize = new ResizeObserver(() => this.#measure());
  #picture: ImageData | undefined;
  #width = 0;
  #height = 0;
  #columns = 1;
  #tile: readonly [number, number] = [64, 64];
  #active = 0;
  #dirty: number[] = [];
  #frame = 0;

  constructor() {
    super();
    this.units = [];
    this.describe = (unit) => `Unit ${unit}`;
    this.tileWidth = 1;
    this.tileHeight = 1;
    this.revision = 0;
    this.smooth = false;
    this.gap = 3;
    this.label = '';
    this.addEventListener('scroll', () => this.requestUpdate(), { passive: true });
  }

  /** Watches the size of the grid. */
  override connectedCallback(): void {
    super.connectedCallback();
    this.#resize.observe(this);
  }

  /** Stops watching and painting. */
  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#resize.disconnect();
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
  }

  #measure(): void {
    this.#width = this.clientWidth;
    this.#height = this.clientHeight;
    this.requestUpdate();
  }

  /** The largest enlargement with which all units are in view; else tiles of a thumb's size, and scrolling. */
  #arrange(): void {
    const count = Math.max(1, this.units.length);
    const aspect = this.tileWidth / this.tileHeight;
    const { gap } = this;
    const narrow = this.#width < 480;
    // A picture made of many parts is unreadable below its own size.
    const least = Math.max(narrow ? 44 : 56, Math.min(this.tileWidth, narrow ? 100 : 160));
    const most = Math.max(least, Math.min(176, (this.#width - gap) / (narrow ? 3 : 4) - gap));
    const pitch = (extent: number): number => extent + gap;
    let width = least;
    // From few columns to many: the first arrangement whose rows fit has the largest tiles.
    for (let columns = 1; columns <= count; columns++) {
      const across = Math.min(most, (this.#width - gap) / columns - gap);
      if (across < least) break;
      const rows = Math.ceil(count / columns);
      if (gap + rows * pitch(across / aspect) <= this.#height) {
        width = across;
        break;
      }
    }
    // Whole enlargements keep all pixels of a picture the same size, where that costs little room.
    const whole = Math.floor(width / this.tileWidth) * this.tileWidth;
    if (whole >= least && whole > width * 0.8) width = whole;
    this.#tile = [Math.floor(width), Math.max(12, Math.floor(width / aspect))];
    this.#columns = Math.max(1, Math.floor((this.#width - gap) / pitch(this.#tile[0])));
  }

  #place(position: number): readonly [number, number] {
    const column = position % this.#columns;
    const row = Math.floor(position / this.#columns);
    const { gap } = this;
    return [gap + column * (this.#tile[0] + gap), gap + row * (this.#tile[1] + gap)];
  }

  #rows(): number {
    return Math.ceil(this.units.length / this.#columns);
  }

  /** Positions from the first to past the last that can be seen. */
  #inView(): readonly [number, number] {
    const pitch = this.#tile[1] + this.gap;
    const first = Math.max(0, Math.floor((this.scrollTop - this.gap) / pitch));
    const last = Math.ceil((this.scrollTop + this.#height) / pitch);
    return [first * this.#columns, Math.min(this.units.length, last * this.#columns)];
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has('units'))
      this.#active = Math.min(this.#active, Math.max(0, this.units.length - 1));
    if (changed.has('pinned') && this.pinned !== undefined) {
      const position = this.units.indexOf(this.pinned);
      if (position >= 0) this.#active = position;
    }
    this.#arrange();
  }

  protected override render(): TemplateResult {
    const [first, past] = this.#inView();
    const height = this.#rows() * (this.#tile[1] + this.gap) + this.gap;
    // The one unit in the tab order is always there, even when it is scrolled away.
    const active = this.#active < first || this.#active >= past ? [this.#active] : [];
    const shown = [...active, ...Array.from({ length: past - first }, (_, i) => first + i)].filter(
      (position) => position < this.units.length,
    );
    return html`
      ${this.#canvas}
      <div
        class="units"
        role="listbox"
        aria-label=${this.label}
        .style=${`height:${height}px`}
        @click=${this.#onClick}
        @keydown=${this.#onKey}
        @pointerover=${this.#onHover}
        @pointerleave=${() => this.dispatchEvent(new UnitHoverEvent(undefined))}
        @focusin=${this.#onHover}
      >
        ${repeat(
          shown,
          (position) => position,
          (position) => {
            const unit = this.units[position]!;
            const [left, top] = this.#place(position);
            return html`<div
              class="unit"
              role="option"
              data-position=${position}
              aria-selected=${unit === this.pinned}
              aria-setsize=${this.units.length}
              aria-posinset=${position + 1}
              aria-label=${this.describe(unit)}
              tabindex=${position === this.#active ? 0 : -1}
              .style=${`left:${left}px;top:${top}px;width:${this.#tile[0]}px;height:${this.#tile[1]}px`}
            ></div>`;
          },
        )}
      </div>
    `;
  }

  protected override updated(): void {
    const ratio = devicePixelRatio;
    const width = Math.round(this.#width * ratio);
    const height = Math.round(this.#height * ratio);
    if (this.#canvas.width !== width || this.#canvas.height !== height) {
      this.#canvas.width = width;
      this.#canvas.height = height;
      this.#canvas.style.cssText = `width:${this.#width}px;height:${this.#height}px`;
    }
    const [first, past] = this.#inView();
    this.#dirty = Array.from({ length: Math.max(0, past - first) }, (_, i) => first + i);
    // Painted with the frame that shows the new positions, so that nothing lags behind the scroll.
    cancelAnimationFrame(this.#frame);
    this.#frame = requestAnimationFrame(() => this.#paintSlice(true));
  }

  #paintSlice(fresh: boolean): void {
    this.#frame = 0;
    const context = this.#canvas.getContext('2d');
    if (!context || !this.paint || this.#width === 0) return;
    const ratio = devicePixelRatio;
    const [tileWidth, tileHeight] = this.#tile;
    const width = Math.max(1, Math.min(this.tileWidth, Math.ceil(tileWidth * ratio)));
    const height = Math.max(1, Math.min(this.tileHeight, Math.ceil(tileHeight * ratio)));
    if (this.#picture?.width !== width || this.#picture.height !== height) {
      this.#picture = new ImageData(width, height);
      this.#scratch.width = width;
      this.#scratch.height = height;
    }
    const scratch = this.#scratch.getContext('2d', { willReadFrequently: true })!;
    context.setTransform(ratio, 0, 0, ratio, 0, -this.scrollTop * ratio);
    context.imageSmoothingEnabled = this.smooth;
    if (fresh) context.clearRect(0, this.scrollTop, this.#width, this.#height);
    const until = performance.now() + SLICE_MS;
    while (this.#dirty.length > 0) {
      const position = this.#dirty.shift()!;
      const unit = this.units[position];
      if (unit === undefined) continue;
      this.paint(unit, this.#picture);
      scratch.putImageData(this.#picture, 0, 0);
      context.drawImage(this.#scratch, ...this.#place(position), tileWidth, tileHeight);
      if (performance.now() > until) break;
    }
    if (this.#dirty.length > 0) this.#frame = requestAnimationFrame(() => this.#paintSlice(false));
  }

  #positionOf(event: Event): number | undefined {
    const target = event.composedPath()[0];
    const position = target instanceof HTMLElement ? target.dataset.position : undefined;
    return position === undefined ? undefined : Number(position);
  }

  readonly #onClick = (event: Event): void => {
    const position = this.#positionOf(event);
    if (position !== undefined) this.#pin(position);
  };

  readonly #onHover = (event: Event): void => {
    const position = this.#positionOf(event);
    this.dispatchEvent(
      new UnitHoverEvent(position === undefined ? undefined : this.units[position]),
    );
  };

  #pin(position: number): void {
    this.#active = position;
    const unit = this.units[position];
    this.dispatchEvent(new UnitSelectEvent(unit === this.pinned ? undefined : unit));
    this.requestUpdate();
  }

  readonly #onKey = (event: KeyboardEvent): void => {
    const page =
      Math.max(1, Math.floor(this.#height / (this.#tile[1] + this.gap)) - 1) * this.#columns;
    const steps: Record<string, number> = {
      ArrowLeft: -1,
      ArrowRight: 1,
      ArrowUp: -this.#columns,
      ArrowDown: this.#columns,
      PageUp: -page,
      PageDown: page,
      Home: -Infinity,
      End: Infinity,
    };
    const step = steps[event.key];
    const last = this.units.length - 1;
    if (step !== undefined) void this.#focus(Math.max(0, Math.min(last, this.#active + step)));
    else if (event.key === 'Enter' || event.key === ' ') this.#pin(this.#active);
    else if (event.key === 'Escape') this.dispatchEvent(new UnitSelectEvent(undefined));
    else return;
    event.preventDefault();
    event.stopPropagation();
  };

  async #focus(position: number): Promise<void> {
    this.#active = position;
    this.#reveal(position);
    this.requestUpdate();
    await this.updateComplete;
    this.renderRoot.querySelector<HTMLElement>(`[data-position="${position}"]`)?.focus({
      preventScroll: true,
    });
  }

  #reveal(position: number): void {
    const [, top] = this.#place(position);
    const bottom = top + this.#tile[1] + this.gap;
    if (top < this.scrollTop) this.scrollTop = top - this.gap;
    else if (bottom > this.scrollTop + this.#height) this.scrollTop = bottom - this.#height;
  }

  /** Scrolls to a unit, if it is not in view. */
  reveal(unit: number): void {
    const position = this.units.indexOf(unit);
    if (position >= 0) this.#reveal(position);
  }
}

define('lens-tile-grid', LensTileGrid);

declare global {
  interface HTMLElementTagNameMap {
    'lens-tile-grid': LensTileGrid;
  }
}
