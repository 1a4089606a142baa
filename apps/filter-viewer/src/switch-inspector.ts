import { css, html, LitElement, nothing, type CSSResultGroup, type TemplateResult } from 'lit';
import { colorize } from '@convlens/data';
import { controls, define, formatNumber, tokens } from '@convlens/elements';
import type { LayerActivation } from '@convlens/engine';
import { PlaceSelectEvent } from './map-inspector.js';
import type { Pictures } from './pictures.js';

/** Longest side of the picture in pixels, and the largest place in it. */
const SIDE = 640;
const LARGEST_CELL = 40;

/** Two lines on each other, dark under light, show on every picture. */
const LINES = [
  [3, '#000'],
  [1, '#fff'],
] as const;

/**
 * One channel of what a max-pooling read: the places that won, the window of the chosen place, and its winner.
 *
 * @summary Where a pooled value came from.
 * @fires lens-place-select - a window was chosen
 */
class SwitchInspector extends LitElement {
  static override properties = {
    map: { attribute: false },
    source: {},
    pictures: { attribute: false },
    unit: { attribute: false },
    row: { attribute: false },
    column: { attribute: false },
    revision: { attribute: false },
  };

  static override styles: CSSResultGroup = [
    tokens,
    controls,
    css`
      :host {
        display: block;
        margin-bottom: 16px;
      }
      canvas {
        display: block;
        width: 100%;
        image-rendering: pixelated;
        border-radius: 4px;
        cursor: crosshair;
      }
      p {
        margin: 8px 0 0;
      }
    `,
  ];

  declare map: LayerActivation | undefined;
  /** What is pooled, for people. */
  declare source: string;
  declare pictures: Pictures | undefined;
  declare unit: number;
  declare row: number | undefined;
  declare column: number | undefined;
  declare revision: number;

  constructor() {
    super();
    this.source = '';
    this.unit = 0;
    this.revision = 0;
  }

  /** The chosen pooled place, or that of the largest value; its value, and where that came from. */
  #chosen(): { row: number; column: number; value: number; from: number } {
    const { activation, statistics, pooling } = this.map!;
    const [, height = 1, width = 1] = activation.shape;
    const peak = statistics.peak[this.unit] ?? 0;
    const row = Math.min(height - 1, this.row ?? Math.floor(peak / width));
    const column = Math.min(width - 1, this.column ?? peak % width);
    const at = (this.unit * height + row) * width + column;
    return { row, column, value: activation.data[at]!, from: pooling!.switches[at]! };
  }

  protected override render(): TemplateResult | typeof nothing {
    const { map, source, unit } = this;
    if (!map?.pooling) return nothing;
    const { row, column, value, from } = this.#chosen();
    const [, , width = 1] = map.pooling.activation.shape;
    const words =
      from < 0
        ? `Row ${row}, column ${column} of ${map.layer} has no number in its window.`
        : `${formatNumber(value)} at row ${row}, column ${column} of ${map.layer} came from row ` +
          `${Math.floor(from / width)}, column ${from % width} of ${source}.`;
    return html`
      <canvas
        role="img"
        aria-label="Channel ${unit} of ${source} before pooling, the places that won marked. ${words}"
        @click=${this.#onClick}
      ></canvas>
      <p>${words}</p>
      <p class="quiet">
        Dots are the places that won their window, the first one on a tie. The frame is the window
        of the chosen place, the ring its winner.
      </p>
    `;
  }

  readonly #onClick = (event: MouseEvent): void => {
    const { from, to, strides, before, kernel } = this.map!.pooling!.geometry;
    const box = (event.currentTarget as HTMLElement).getBoundingClientRect();
    const place = (part: number, axis: 0 | 1): number => {
      const position = part * from[axis]! + before[axis]! - (kernel[axis]! - 1) / 2;
      return Math.max(0, Math.min(to[axis]! - 1, Math.round(position / strides[axis]!)));
    };
    const row = place((event.clientY - box.top) / box.height - 0.5 / from[0]!, 0);
    const column = place((event.clientX - box.left) / box.width - 0.5 / from[1]!, 1);
    this.dispatchEvent(new PlaceSelectEvent(row, column));
  };

  protected override updated(): void {
    const canvas = this.renderRoot.querySelector('canvas');
    const { map, pictures, unit } = this;
    if (!canvas || !map?.pooling || !pictures?.table) return;
    const { activation, switches, geometry } = map.pooling;
    const [, height = 1, width = 1] = activation.shape;
    const [rows = 1, columns = 1] = geometry.to;
    const cell = Math.max(3, Math.min(LARGEST_CELL, Math.floor(SIDE / Math.max(width, height))));
    canvas.width = width * cell;
    canvas.height = height * cell;
    const picture = new ImageData(width, height);
    const plane = { offset: unit * width * height, width, height };
    colorize(activation.data, plane, pictures.rangeOf(unit), pictures.table, picture);
    const small = new OffscreenCanvas(width, height);
    small.getContext('2d')!.putImageData(picture, 0, 0);
    const context = canvas.getContext('2d')!;
    context.imageSmoothingEnabled = false;
    context.drawImage(small, 0, 0, canvas.width, canvas.height);
    const circle = (at: number, radius: number): void => {
      context.beginPath();
      const x = ((at % width) + 0.5) * cell;
      const y = (Math.floor(at / width) + 0.5) * cell;
      context.arc(x, y, radius * cell, 0, 2 * Math.PI);
    };
    const won = switches.subarray(unit * rows * columns, (unit + 1) * rows * columns);
    for (const at of new Set(won)) {
      if (at < 0) continue;
      circle(at, 0.26);
      context.fillStyle = '#000';
      context.fill();
      circle(at, 0.17);
      context.fillStyle = '#fff';
      context.fill();
    }
    const chosen = this.#chosen();
    const span = (axis: 0 | 1, place: number): readonly [number, number] => {
      const { kernel, strides, dilations, before, from } = geometry;
      const start = place * strides[axis]! - before[axis]!;
      const end = Math.min(from[axis]!, start + (kernel[axis]! - 1) * dilations[axis]! + 1);
      return [Math.max(0, start) * cell, (end - Math.max(0, start)) * cell];
    };
    const [top, tall] = span(0, chosen.row);
    const [left, wide] = span(1, chosen.column);
    const thin = Math.max(1, canvas.width / 200);
    for (const [line, colour] of LINES) {
      context.lineWidth = line * thin;
      context.strokeStyle = colour;
      const inset = 1.5 * thin;
      context.strokeRect(left + inset, top + inset, wide - 2 * inset, tall - 2 * inset);
      if (chosen.from < 0) continue;
      circle(chosen.from, 0.4);
      context.stroke();
    }
  }
}

define('lens-switch-inspector', SwitchInspector);

declare global {
  interface HTMLElementTagNameMap {
    'lens-switch-inspector': SwitchInspector;
  }
}
