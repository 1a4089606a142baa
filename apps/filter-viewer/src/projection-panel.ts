import { css, html, LitElement, nothing, type CSSResultGroup, type TemplateResult } from 'lit';
import { projectionDescriptions, seenWindow, type FieldWindow } from '@convlens/core';
import { controls, define, formatNumber, tokens } from '@convlens/elements';
import type { LayerSummary, Projections } from '@convlens/engine';
import { drawPart, inputPicture } from './pictures.js';

/**
 * One unit carried back to the pixels, by three rules side by side.
 *
 * @summary Gradient, deconvnet and guided projections of a unit.
 */
class ProjectionPanel extends LitElement {
  static override properties = {
    projections: { attribute: false },
    layer: { attribute: false },
    image: { attribute: false },
    blueFirst: { attribute: false },
    inputSize: { attribute: false },
    cropped: { state: true },
  };

  static override styles: CSSResultGroup = [
    tokens,
    controls,
    css`
      :host {
        display: block;
        padding: 12px;
        background: var(--well);
      }
      .row {
        display: grid;
        grid-template-columns: repeat(auto-fit, minmax(150px, 1fr));
        gap: 12px;
        max-width: 760px;
      }
      figure {
        margin: 0;
      }
      canvas {
        display: block;
        width: 100%;
        image-rendering: pixelated;
        background: #7f7f7f;
      }
      figcaption {
        margin-top: 4px;
      }
      label {
        display: inline-flex;
        align-items: center;
        gap: 8px;
        min-height: 36px;
        margin-bottom: 8px;
      }
      p {
        margin: 4px 0;
      }
    `,
  ];

  declare projections: Projections | undefined;
  declare layer: LayerSummary | undefined;
  /** The image as the network sees it, for comparison. */
  declare image: HTMLCanvasElement | undefined;
  declare blueFirst: boolean;
  /** Height and width of the network's input. */
  declare inputSize: readonly [number, number];
  /** Show the receptive field only. */
  declare cropped: boolean;

  constructor() {
    super();
    this.blueFirst = false;
    this.inputSize = [1, 1];
    this.cropped = false;
  }

  /** The part of the input that is shown: the receptive field of the unit, or all. */
  #window(): FieldWindow {
    const [height, width] = this.inputSize;
    const field = this.layer?.field;
    const [first] = this.projections?.projections ?? [];
    if (!this.cropped || !field || !first) return { left: 0, top: 0, width, height };
    return seenWindow(field, [first.row, first.column], this.inputSize);
  }

  protected override render(): TemplateResult {
    const found = this.projections?.projections ?? [];
    const [first] = found;
    if (!first) return html`<p class="quiet">Carrying the unit back to the pixels…</p>`;
    const unit = `channel ${first.channel} of ${this.layer?.id ?? ''}`;
    return html`
      ${
        this.layer?.field
          ? html`<label
              ><input
                type="checkbox"
                .checked=${this.cropped}
                @change=${(event: Event) => (this.cropped = (event.target as HTMLInputElement).checked)}
              />Only its receptive field</label
            >`
          : nothing
      }
      <div class="row">
        <figure>
          <canvas
            data-picture="image"
            role="img"
            aria-label="The image as the network sees it"
          ></canvas>
          <figcaption>
            <strong>Image</strong>
            <p class="quiet">
              The unit answers ${formatNumber(first.value)} at row ${first.row}, column
              ${first.column}.
            </p>
          </figcaption>
        </figure>
        ${found.map(({ rule, problem }) => {
          const { title, about } = projectionDescriptions[rule];
          return html`<figure>
            <canvas
              data-picture=${rule}
              role="img"
              aria-label="${title} projection of ${unit}${problem === undefined ? '' : `: ${problem}`}"
            ></canvas>
            <figcaption>
              <strong>${title}</strong>
              <p class="quiet">${problem ?? about}</p>
            </figcaption>
          </figure>`;
        })}
      </div>
    `;
  }

  protected override updated(): void {
    const window = this.#window();
    for (const canvas of this.renderRoot.querySelectorAll('canvas')) {
      const name = canvas.dataset.picture;
      if (name === 'image') {
        if (this.image) drawPart(canvas, this.image, window, this.inputSize);
        continue;
      }
      const found = this.projections?.projections.find(({ rule }) => rule === name);
      if (!found) continue;
      canvas.width = window.width;
      canvas.height = window.height;
      const picture = inputPicture(found.projection, this.blueFirst);
      canvas.getContext('2d')!.putImageData(picture, -window.left, -window.top);
    }
  }
}

define('lens-projection-panel', ProjectionPanel);

declare global {
  interface HTMLElementTagNameMap {
    'lens-projection-panel': ProjectionPanel;
  }
}
