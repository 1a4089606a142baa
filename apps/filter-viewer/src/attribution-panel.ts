import { css, html, LitElement, type CSSResultGroup, type TemplateResult } from 'lit';
import { sequential, divergingLight, colorize } from '@convlens/data';
import { attributionDescriptions, gradCamLayer, layersBelow, type Target } from '@convlens/core';
import { controls, define, tokens } from '@convlens/elements';
import type { Attribution, AttributionMethod, NetworkSummary } from '@convlens/engine';
import type { Unit } from './backward.js';
import { inputPicture, planeOf } from './pictures.js';

/** What a person can choose in the panel. */
export interface AttributionChoice {
  readonly of: 'class' | 'unit';
  /** Class. */
  readonly target: number;
  readonly method: AttributionMethod;
  readonly randomised: number;
}

/** Another class, method or amount of randomisation was chosen. */
export class AttributionChoiceEvent extends Event {
  static readonly type = 'lens-attribution-choice';
  readonly choice: Partial<AttributionChoice>;

  /** @param choice what is different */
  constructor(choice: Partial<AttributionChoice>) {
    super(AttributionChoiceEvent.type, { bubbles: true, composed: true });
    this.choice = choice;
  }
}

/**
 * Which pixels drove a class or a unit: one method at a time, over the image and alone, with the sanity check beside it.
 *
 * @summary Attribution map of a class or a unit.
 * @fires lens-attribution-choice - class, method or randomisation was changed
 */
class AttributionPanel extends LitElement {
  static override properties = {
    attribution: { attribute: false },
    choice: { attribute: false },
    names: { attribute: false },
    unit: { attribute: false },
    network: { attribute: false },
    layers: { attribute: false },
    image: { attribute: false },
    blueFirst: { attribute: false },
    opacity: { state: true },
  };

  static override styles: CSSResultGroup = [
    tokens,
    controls,
    css`
      :host {
        display: block;
        overflow: auto;
        padding: 12px;
        background: var(--well);
      }
      .controls {
        display: flex;
        flex-wrap: wrap;
        gap: 8px 16px;
        align-items: center;
        margin-bottom: 12px;
      }
      .controls label {
        display: inline-flex;
        gap: 8px;
        align-items: center;
        min-height: 36px;
      }
      select {
        max-width: 200px;
      }
      .row {
        display: grid;
        grid-template-columns: repeat(auto-fit, minmax(220px, 1fr));
        gap: 12px;
        max-width: 900px;
      }
      canvas {
        display: block;
        width: 100%;
      }
      figure {
        margin: 0;
      }
      p {
        margin: 4px 0;
      }
    `,
  ];

  declare attribution: Attribution | undefined;
  declare choice: Omit<AttributionChoice, 'of' | 'target'> & {
    readonly target: Extract<Target, { kind: 'class' }> | Unit;
  };
  declare names: readonly string[] | undefined;
  /** The unit that can be chosen instead of a class. */
  declare unit: Unit | undefined;
  declare network: NetworkSummary | undefined;
  /** Layers with weights, from the classifier down. */
  declare layers: readonly string[];
  declare image: HTMLCanvasElement | undefined;
  declare blueFirst: boolean;
  declare opacity: number;

  constructor() {
    super();
    this.choice = { target: { kind: 'class', index: 0 }, method: 'saliency', randomised: 0 };
    this.layers = [];
    this.blueFirst = false;
    this.opacity = 0.7;
  }

  #choose(choice: Partial<AttributionChoice>): void {
    this.dispatchEvent(new AttributionChoiceEvent(choice));
  }

  /** What is attributed, in words. */
  get #name(): string {
    const { target } = this.choice;
    if (target.kind === 'class') return this.names?.[target.index] ?? `class ${target.index}`;
    const { layer, channel, row, column } = target;
    const [, height = 1, width = 1] =
      this.network?.layers.find(({ id }) => id === layer)?.shape ?? [];
    const place = height * width > 1 ? ` at row ${row}, column ${column}` : '';
    return `channel ${channel} of ${layer}${place}`;
  }

  /** A class or the unit; which class. */
  #targetControls(): TemplateResult {
    const { target } = this.choice;
    const classes = this.network?.logits?.classes ?? 0;
    const value = (event: Event): string => (event.target as HTMLSelectElement).value;
    const chooseKind = (event: Event): void =>
      this.#choose({ of: value(event) as AttributionChoice['of'] });
    const chooseClass = (event: Event): void => this.#choose({ target: Number(value(event)) });
    return html`
      <label
        >Target
        <select @change=${chooseKind}>
          <option value="class" ?disabled=${classes === 0} .selected=${target.kind === 'class'}>
            A class
          </option>
          <option value="unit" ?disabled=${!this.unit} .selected=${target.kind !== 'class'}>
            The pinned unit
          </option>
        </select></label
      >
      ${
        target.kind !== 'class'
          ? html`<span class="target">${this.#name}</span>`
          : html`<label
              >Class
              <select @change=${chooseClass}>
                ${Array.from(
                  { length: classes },
                  (_, i) =>
                    html`<option value=${i} .selected=${i === target.index}>
                      ${this.names?.[i] ?? i}
                    </option>`,
                )}
              </select></label
            >`
      }
    `;
  }

  /** What there is to know about the method for this target; a list of sentences. */
  #remarks(): readonly string[] {
    const { target, method, randomised } = this.choice;
    const { network, layers } = this;
    const remarks = [...(this.attribution?.notes ?? [])];
    if (!network || target.kind === 'class') return remarks;
    if (attributionDescriptions[method].overMaps && gradCamLayer(network, target) === undefined) {
      remarks.push(
        'Grad-CAM does not apply: it needs a layer with maps between the image and the unit, and this unit reads the ' +
          'image itself. Choose another method, or a unit further up.',
      );
    }
    const below = layersBelow(network.layers, target.layer);
    if (randomised > 0 && layers.slice(0, randomised).every((id) => !below.has(id))) {
      remarks.push('The layers made random so far lie above this unit and play no part in it.');
    }
    return remarks;
  }

  protected override render(): TemplateResult {
    const { method, randomised } = this.choice;
    const { title, about } = attributionDescriptions[method];
    const name = this.#name;
    const gone = randomised === 0 ? 'none' : `${this.layers[randomised - 1] ?? ''} and above`;
    const value = (event: Event): string => (event.target as HTMLInputElement).value;
    return html`
      <div class="controls">
        ${this.#targetControls()}
        <label
          >Method
          <select
            @change=${(event: Event) => this.#choose({ method: value(event) as AttributionMethod })}
          >
            ${Object.entries(attributionDescriptions).map(
              ([id, row]) =>
                html`<option value=${id} .selected=${id === method}>${row.title}</option>`,
            )}
          </select></label
        >
        <label
          >Map over image
          <input
            type="range"
            min="0"
            max="1"
            step="0.05"
            .value=${String(this.opacity)}
            @input=${(event: Event) => (this.opacity = Number(value(event)))}
        /></label>
        <label
          >Weights made random: ${gone}
          <input
            type="range"
            min="0"
            max=${this.layers.length}
            .value=${String(randomised)}
            @change=${(event: Event) => this.#choose({ randomised: Number(value(event)) })}
        /></label>
      </div>
      <p>${about}</p>
      ${this.#remarks().map((remark) => html`<p><strong>${remark}</strong></p>`)}
      <div class="row" ?hidden=${!this.attribution}>
        <figure>
          <canvas
            data-picture="over"
            role="img"
            aria-label="${title} for ${name}, over the image"
          ></canvas>
        </figure>
        <figure>
          <canvas data-picture="alone" role="img" aria-label="${title} for ${name}, alone"></canvas>
        </figure>
      </div>
      <p class="quiet">
        A map that stays the same while the weights are made random does not explain what the
        network learnt.
      </p>
    `;
  }

  protected override updated(): void {
    const map = this.attribution?.map;
    const [over, alone] = this.renderRoot.querySelectorAll('canvas');
    if (!map || !over || !alone) return;
    const { plane, width, height, reach, signed } = planeOf(map);
    const range = { low: signed ? -reach : 0, high: reach };
    const picture = new ImageData(width, height);
    const table = signed ? divergingLight : sequential;
    colorize(plane, { offset: 0, width, height }, range, table, picture);
    const colour = map.shape.length === 3 && map.shape[0] === 3;
    const shown = colour ? inputPicture(map, this.blueFirst) : picture;
    alone.width = width;
    alone.height = height;
    alone.getContext('2d')!.putImageData(shown, 0, 0);
    // Small maps of a layer are enlarged smoothly, as their values lie between the pixels.
    alone.style.imageRendering = width < 32 ? 'auto' : 'pixelated';
    const { image } = this;
    if (!image || image.width === 0) return;
    over.width = image.width;
    over.height = image.height;
    const context = over.getContext('2d')!;
    context.drawImage(image, 0, 0);
    for (let i = 0; i < width * height; i++) {
      picture.data[i * 4 + 3] = 255 * Math.min(1, 0.1 + (0.9 * Math.abs(plane[i]!)) / reach);
    }
    const layer = new OffscreenCanvas(width, height);
    layer.getContext('2d')!.putImageData(picture, 0, 0);
    context.globalAlpha = this.opacity;
    context.drawImage(layer, 0, 0, over.width, over.height);
  }
}

define('lens-attribution-panel', AttributionPanel);

declare global {
  interface HTMLElementTagNameMap {
    'lens-attribution-panel': AttributionPanel;
  }
  interface HTMLElementEventMap {
    'lens-attribution-choice': AttributionChoiceEvent;
  }
}
