import { css, html, LitElement, nothing, type CSSResultGroup, type TemplateResult } from 'lit';
import { seenWindow, type FieldWindow } from '@convlens/core';
import { colorize } from '@convlens/data';
import { controls, define, formatNumber, tokens } from '@convlens/elements';
import type { LayerActivation, LayerSummary } from '@convlens/engine';
import type { Pictures } from './pictures.js';

/** A place of the pinned map was chosen. */
export class PlaceSelectEvent extends Event {
  static readonly type = 'lens-place-select';
  readonly row: number;
  readonly column: number;

  /**
   * @param row of the map
   * @param column of the map
   */
  constructor(row: number, column: number) {
    super(PlaceSelectEvent.type, { bubbles: true, composed: true });
    this.row = row;
    this.column = column;
  }
}

/**
 * The image with the pinned map over it, the receptive field of a place, and the numbers.
 *
 * @summary Pinned feature map over the image.
 * @fires lens-place-select - a place of the map was chosen
 */
class MapInspector extends LitElement {
  static override properties = {
    image: { attribute: false },
    imageTitle: {},
    hint: {},
    map: { attribute: false },
    layer: { attribute: false },
    pictures: { attribute: false },
    unit: { attribute: false },
    row: { attribute: false },
    column: { attribute: false },
    inputSize: { attribute: false },
    revision: { attribute: false },
    opacity: { state: true },
  };

  static override styles: CSSResultGroup = [
    tokens,
    controls,
    css`
      :host {
        display: grid;
        gap: 8px;
      }
      canvas {
        display: block;
        width: 100%;
        background: var(--well);
        border-radius: 4px;
        cursor: crosshair;
      }
      label {
        display: grid;
        grid-template-columns: auto 1fr auto;
        align-items: center;
        gap: 8px;
      }
      dl {
        display: grid;
        grid-template-columns: auto 1fr;
        gap: 2px 12px;
        margin: 0;
      }
      dt {
        color: var(--quiet);
      }
      dd {
        margin: 0;
        text-align: right;
      }
      .place {
        display: flex;
        gap: 8px;
        align-items: center;
        flex-wrap: wrap;
      }
      .place label {
        grid-template-columns: auto auto;
      }
      .place input {
        width: 72px;
      }
      p {
        margin: 0;
      }
    `,
  ];

  declare image: HTMLCanvasElement | undefined;
  declare imageTitle: string;
  /** Said while no channel is pinned. */
  declare hint: string;
  declare map: LayerActivation | undefined;
  declare layer: LayerSummary | undefined;
  declare pictures: Pictures | undefined;
  declare unit: number | undefined;
  declare row: number | undefined;
  declare column: number | undefined;
  /** Height and width of the network's input, in pixels. */
  declare inputSize: readonly [number, number];
  declare revision: number;
  declare opacity: number;

  constructor() {
    super();
    this.imageTitle = '';
    this.hint = '';
    this.inputSize = [1, 1];
    this.revision = 0;
    this.opacity = 0.8;
  }

  /** Height and width of the map. */
  get #extent(): readonly [number, number] {
    const [, height = 1, width = 1] = this.map?.activation.shape ?? [];
    return [height, width];
  }

  /** The chosen place, or that of the largest value. */
  get #place(): readonly [number, number] {
    const [height, width] = this.#extent;
    if (this.row !== undefined && this.column !== undefined) {
      return [Math.min(this.row, height - 1), Math.min(this.column, width - 1)];
    }
    const peak = this.map?.statistics.peak[this.unit ?? 0] ?? 0;
    return [Math.floor(peak / width), peak % width];
  }

  #value(row: number, column: number): number {
    const [height, width] = this.#extent;
    return this.map?.activation.data[((this.unit ?? 0) * height + row) * width + column] ?? NaN;
  }

  /** The receptive field of a place in input pixels, cut to the image. */
  #field(row: number, column: number): FieldWindow {
    return seenWindow(this.layer?.field, [row, column], this.inputSize);
  }

  protected override render(): TemplateResult {
    const { unit, map } = this;
    const pinned = unit !== undefined && map !== undefined;
    const [row, column] = this.#place;
    const [height, width] = this.#extent;
    const field = this.#field(row, column);
    const words = pinned
      ? `${this.imageTitle} with channel ${unit} of ${map.layer} over it: largest value ${formatNumber(map.statistics.channelHigh[unit]!)}, ` +
        `chosen place row ${row}, column ${column} with ${formatNumber(this.#value(row, column))}, which sees ${field.width} by ${field.height} pixels.`
      : `The image: ${this.imageTitle}.`;
    return html`
      <canvas
        role="img"
        aria-label=${words}
        @click=${this.#onClick}
        ?hidden=${!this.image}
      ></canvas>
      ${
        pinned
          ? html`
              <label
                >Map
                <input
                  type="range"
                  min="0"
                  max="1"
                  step="0.05"
                  .value=${String(this.opacity)}
                  @input=${(event: Event) => (this.opacity = Number((event.target as HTMLInputElement).value))}
                />
                <span>${Math.round(this.opacity * 100)} %</span></label
              >
              <dl>
                <dt>largest</dt>
                <dd>${formatNumber(map.statistics.channelHigh[unit]!)}</dd>
                <dt>mean</dt>
                <dd>${formatNumber(map.statistics.channelMean[unit]!)}</dd>
                <dt>smallest</dt>
                <dd>${formatNumber(map.statistics.channelLow[unit]!)}</dd>
                ${
                  height * width > 1
                    ? html`<dt>at row ${row}, column ${column}</dt>
                        <dd>${formatNumber(this.#value(row, column))}</dd>`
                    : nothing
                }
                <dt>receptive field</dt>
                <dd>${this.#fieldWords()}</dd>
              </dl>
              ${
                height * width > 1
                  ? html`<div class="place" role="group" aria-label="Place in the map">
                      ${this.#number('Row', row, height, (value) => this.#choose(value, column))}
                      ${this.#number('Column', column, width, (value) => this.#choose(row, value))}
                    </div>`
                  : nothing
              }
            `
          : html`<p class="quiet">${this.hint}</p>`
      }
    `;
  }

  #fieldWords(): string {
    const field = this.layer?.field;
    if (!field) return 'the whole image';
    const height = field.rows.high - field.rows.low + 1;
    const width = field.columns.high - field.columns.low + 1;
    return `${width} × ${height} px`;
  }

  #number(
    name: string,
    value: number,
    count: number,
    set: (value: number) => void,
  ): TemplateResult {
    return html`<label
      >${name}
      <input
        type="number"
        min="0"
        max=${count - 1}
        .value=${String(value)}
        @change=${(event: Event) => {
          const wished = (event.target as HTMLInputElement).valueAsNumber;
          if (Number.isInteger(wished)) set(Math.max(0, Math.min(count - 1, wished)));
        }}
    /></label>`;
  }

  #choose(row: number, column: number): void {
    this.dispatchEvent(new PlaceSelectEvent(row, column));
  }

  readonly #onClick = (event: MouseEvent): void => {
    if (this.unit === undefined) return;
    const [height, width] = this.#extent;
    const box = (event.target as HTMLElement).getBoundingClientRect();
    const place = (offset: number, size: number, count: number): number =>
      Math.max(0, Math.min(count - 1, Math.floor((offset / size) * count)));
    this.#choose(
      place(event.clientY - box.top, box.height, height),
      place(event.clientX - box.left, box.width, width),
    );
  };

  protected override updated(): void {
    const canvas = this.renderRoot.querySelector('canvas');
    const { image, unit, pictures } = this;
    if (!canvas || !image || image.width === 0) return;
    canvas.width = image.width;
    canvas.height = image.height;
    const context = canvas.getContext('2d')!;
    context.drawImage(image, 0, 0);
    if (unit === undefined || !this.map || !pictures?.table) return;
    const [height, width] = this.#extent;
    const picture = new ImageData(width, height);
    colorize(
      this.map.activation.data,
      { offset: unit * width * height, width, height },
      pictures.rangeOf(unit),
      pictures.table,
      picture,
    );
    // What is near zero lets the image through, so that the map points at the image instead of hiding it.
    const { low, high } = pictures.rangeOf(unit);
    const reach = Math.max(Math.abs(low), Math.abs(high));
    for (let i = 0; i < width * height; i++) {
      const strength = Math.abs(this.map.activation.data[unit * width * height + i]!) / reach;
      picture.data[i * 4 + 3] = 255 * (0.25 + 0.75 * Math.min(1, strength));
    }
    const layer = new OffscreenCanvas(width, height);
    layer.getContext('2d')!.putImageData(picture, 0, 0);
    context.globalAlpha = this.opacity;
    context.imageSmoothingQuality = 'high';
    context.drawImage(layer, 0, 0, canvas.width, canvas.height);
    context.globalAlpha = 1;
    if (height * width > 1) this.#drawField(context);
  }

  #drawField(context: CanvasRenderingContext2D): void {
    const { canvas } = context;
    const [row, column] = this.#place;
    const [height, width] = this.#extent;
    const field = this.#field(row, column);
    const scaleX = canvas.width / this.inputSize[1];
    const scaleY = canvas.height / this.inputSize[0];
    // A dark line under a light one shows on every picture.
    for (const [line, colour] of [
      [5, '#000'],
      [2, '#fff'],
    ] as const) {
      context.lineWidth = line;
      context.strokeStyle = colour;
      context.strokeRect(
        Math.max(1.5, field.left * scaleX),
        Math.max(1.5, field.top * scaleY),
        Math.min(canvas.width - 3, field.width * scaleX),
        Math.min(canvas.height - 3, field.height * scaleY),
      );
      context.beginPath();
      const x = ((column + 0.5) / width) * canvas.width;
      const y = ((row + 0.5) / height) * canvas.height;
      context.arc(x, y, 5, 0, 2 * Math.PI);
      context.stroke();
    }
  }
}

define('lens-map-inspector', MapInspector);

declare global {
  interface HTMLElementTagNameMap {
    'lens-map-inspector': MapInspector;
  }
  interface HTMLElementEventMap {
    'lens-place-select': PlaceSelectEvent;
  }
}
