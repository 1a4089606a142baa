import { css, html, LitElement, nothing, type CSSResultGroup, type TemplateResult } from 'lit';
import type { Kernels } from '@convlens/core';
import { controls, define, formatNumber, tokens } from '@convlens/elements';
import { mosaic, weightAt, type Pictures } from './pictures.js';

const COLOURS = ['red', 'green', 'blue'];

/**
 * One filter, enlarged, with its statistics and its numbers.
 *
 * @summary Pinned filter with numbers.
 */
class KernelInspector extends LitElement {
  static override properties = {
    kernels: { attribute: false },
    pictures: { attribute: false },
    unit: { attribute: false },
    input: { state: true },
    readout: { state: true },
  };

  static override styles: CSSResultGroup = [
    tokens,
    controls,
    css`
      :host {
        display: grid;
        gap: 8px;
        min-width: 0;
      }
      canvas {
        display: block;
        width: 100%;
        image-rendering: pixelated;
        background: var(--well);
        border-radius: 4px;
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
      p {
        margin: 0;
        min-height: 1.45em;
      }
      .numbers {
        overflow: auto;
        max-height: 300px;
      }
      table {
        border-collapse: collapse;
        font-size: 11px;
        white-space: nowrap;
      }
      td {
        padding: 1px 4px;
        text-align: right;
      }
      label {
        display: flex;
        align-items: center;
        gap: 8px;
      }
    `,
  ];

  declare kernels: Kernels | undefined;
  declare pictures: Pictures | undefined;
  declare unit: number | undefined;
  /** Input channel whose numbers are listed. */
  declare input: number;
  declare readout: string;

  constructor() {
    super();
    this.input = 0;
    this.readout = '';
  }

  protected override render(): TemplateResult {
    const { kernels, unit } = this;
    if (!kernels || unit === undefined || unit >= kernels.held) {
      return html`<p class="quiet">Click a filter to enlarge it and see its numbers.</p>`;
    }
    const { inputs, width, height, colour, low, high, mean, norm } = kernels;
    return html`
      <canvas
        role="img"
        aria-label="Filter ${unit} of ${kernels.layer}: weights from ${formatNumber(low[unit]!)} to ${formatNumber(high[unit]!)}, norm ${formatNumber(norm[unit]!)}."
        @pointermove=${this.#onMove}
        @pointerleave=${() => (this.readout = '')}
      ></canvas>
      <p class="quiet" aria-hidden="true">${this.readout || 'Point at a weight to read it.'}</p>
      <dl>
        <dt>size</dt>
        <dd>${width} × ${height}, ${inputs} ${inputs === 1 ? 'input' : 'inputs'}</dd>
        <dt>smallest, largest</dt>
        <dd>${formatNumber(low[unit]!)}, ${formatNumber(high[unit]!)}</dd>
        <dt>mean</dt>
        <dd>${formatNumber(mean[unit]!)}</dd>
        <dt>norm</dt>
        <dd>${formatNumber(norm[unit]!)}</dd>
      </dl>
      <details>
        <summary>Numbers</summary>
        ${
          inputs > 1
            ? html`<label
                >${colour ? 'Colour' : 'Input'}
                ${
                  colour
                    ? html`<select @change=${this.#onInput}>
                        ${COLOURS.map((name, i) => html`<option value=${i} ?selected=${i === this.input}>${name}</option>`)}
                      </select>`
                    : html`<input
                        type="number"
                        min="0"
                        max=${inputs - 1}
                        .value=${String(this.input)}
                        @change=${this.#onInput}
                      />`
                }
              </label>`
            : nothing
        }
        <div class="numbers" tabindex="0" role="region" aria-label="Weights">
          ${this.#table(kernels, unit)}
        </div>
      </details>
    `;
  }

  #table(kernels: Kernels, unit: number): TemplateResult {
    const { inputs, width, height, data } = kernels;
    const input = Math.min(this.input, inputs - 1);
    const at = (y: number, x: number): number =>
      data[((unit * inputs + input) * height + y) * width + x]!;
    return html`<table>
      ${Array.from(
        { length: height },
        (_, y) =>
          html`<tr>
            ${Array.from({ length: width }, (__, x) => html`<td>${formatNumber(at(y, x))}</td>`)}
          </tr>`,
      )}
    </table>`;
  }

  readonly #onInput = (event: Event): void => {
    const value = Number((event.target as HTMLInputElement).value);
    const last = (this.kernels?.inputs ?? 1) - 1;
    if (Number.isInteger(value)) this.input = Math.max(0, Math.min(last, value));
  };

  readonly #onMove = (event: PointerEvent): void => {
    const { kernels, unit } = this;
    const canvas = event.target as HTMLCanvasElement;
    if (!kernels || unit === undefined) return;
    const { inputs, width, height, colour, data } = kernels;
    const x = Math.floor((event.offsetX / canvas.clientWidth) * canvas.width);
    const y = Math.floor((event.offsetY / canvas.clientHeight) * canvas.height);
    const size = inputs * width * height;
    const at = weightAt(kernels, x, y);
    if (at === undefined) {
      this.readout = '';
      return;
    }
    if (colour) {
      const [red, green, blue] = [0, 1, 2].map((c) =>
        formatNumber(data[unit * size + at + c * width * height]!),
      );
      this.readout = `row ${y}, column ${x}: red ${red}, green ${green}, blue ${blue}`;
      return;
    }
    const input = Math.floor(at / (width * height));
    const place =
      width * height > 1 ? `, row ${Math.floor(at / width) % height}, column ${at % width}` : '';
    this.readout = `input ${input}${place}: ${formatNumber(data[unit * size + at]!)}`;
  };

  protected override updated(): void {
    const canvas = this.renderRoot.querySelector('canvas');
    const { kernels, pictures, unit } = this;
    if (!canvas || !kernels || !pictures || unit === undefined) return;
    const { width, height } = mosaic(kernels);
    canvas.width = width;
    canvas.height = height;
    const picture = new ImageData(width, height);
    pictures.paint(unit, picture);
    canvas.getContext('2d')!.putImageData(picture, 0, 0);
  }
}

define('lens-kernel-inspector', KernelInspector);

declare global {
  interface HTMLElementTagNameMap {
    'lens-kernel-inspector': KernelInspector;
  }
}
