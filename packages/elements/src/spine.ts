import {
  css,
  html,
  LitElement,
  nothing,
  type CSSResultGroup,
  type PropertyValues,
  type TemplateResult,
} from 'lit';
import type { LayerKind } from '@convlens/adapters';
import type { LayerSummary } from '@convlens/engine';
import { define } from './define.js';
import { LayerSelectEvent } from './events.js';
import { formatCount, formatShape } from './format.js';
import { controls, tokens } from './tokens.js';

const KIND_WORDS: Record<LayerKind, string> = {
  input: 'input',
  conv: 'convolution',
  norm: 'normalisation',
  activation: 'activation',
  pool: 'pooling',
  add: 'sum of two paths',
  concat: 'joined channels',
  dense: 'dense layer',
  softmax: 'softmax',
  other: 'operator',
};

/**
 * The network as a vertical profile, one bar a layer: length by channels, height by spatial size, tone by kind;
 * the strength of the current image's activation as a thin line along it. On narrow screens it lies down.
 *
 * @summary Layer list as a profile of the network.
 * @fires lens-layer-select - a layer was chosen
 */
export class LensSpine extends LitElement {
  static override properties = {
    layers: { attribute: false },
    selected: {},
    strengths: { attribute: false },
    full: { state: true },
  };

  static override styles: CSSResultGroup = [
    tokens,
    controls,
    css`
      :host {
        display: flex;
        flex-direction: column;
        min-height: 0;
      }
      [role='listbox'] {
        flex: 1;
        min-height: 0;
        overflow: hidden auto;
        padding: 0 8px 8px;
        scrollbar-width: thin;
      }
      .stage {
        position: sticky;
        top: 0;
        z-index: 1;
        padding: 8px 4px 2px;
        background: var(--panel);
        color: var(--quiet);
        font-size: 12px;
      }
      .layer {
        display: grid;
        grid-template-columns: minmax(0, 1fr) 84px;
        align-items: center;
        gap: 8px;
        min-height: 24px;
        padding: 1px 4px;
        border-radius: 4px;
        cursor: pointer;
      }
      .layer:hover {
        background: var(--page);
      }
      .layer[aria-selected='true'] {
        background: var(--accent);
        color: var(--on-accent);
      }
      .layer:not(.main) .name {
        color: var(--quiet);
      }
      .layer[aria-selected='true'] .name {
        color: inherit;
      }
      .name {
        overflow: hidden;
        text-overflow: ellipsis;
        white-space: nowrap;
        direction: rtl;
        text-align: left;
        font-size: 13px;
      }
      .profile {
        position: relative;
        display: block;
        border-radius: 1px;
        background: var(--tone);
      }
      .strength {
        position: absolute;
        left: 0;
        bottom: -2px;
        height: 2px;
        background: var(--accent);
      }
      .layer[aria-selected='true'] .profile {
        background: currentColor;
      }
      .layer[aria-selected='true'] .strength {
        background: var(--text);
      }
      .joint {
        position: absolute;
        left: -10px;
        width: 7px;
        height: 10px;
        top: 50%;
        margin-top: -5px;
        border: 1px solid currentColor;
        border-left: 0;
        border-radius: 0 5px 5px 0;
        opacity: 0.6;
      }
      .foot {
        padding: 8px 12px;
        border-top: 1px solid var(--line);
      }
      label {
        display: flex;
        align-items: center;
        gap: 8px;
        min-height: 28px;
        font-size: 13px;
      }
      @media (pointer: coarse) {
        .layer {
          min-height: 44px;
        }
      }
      @container (max-width: 760px) {
        :host {
          flex-direction: row;
          align-items: stretch;
        }
        [role='listbox'] {
          display: flex;
          overflow: auto hidden;
          padding: 4px 8px;
          gap: 2px;
        }
        .stage {
          display: none;
        }
        .layer {
          flex: none;
          grid-template-columns: none;
          grid-template-rows: 30px auto;
          align-items: end;
          justify-items: center;
          min-width: 56px;
          min-height: 56px;
          gap: 2px;
        }
        .profile {
          order: -1;
          width: var(--across) !important;
          height: var(--along) !important;
        }
        .name {
          max-width: 88px;
          font-size: 12px;
        }
        .joint {
          display: none;
        }
        .foot {
          border: 0;
          border-left: 1px solid var(--line);
          display: flex;
          padding: 4px 8px;
        }
        label {
          flex-direction: column;
          gap: 0;
          font-size: 12px;
        }
      }
    `,
  ];

  declare layers: readonly LayerSummary[];
  /** Id of the chosen layer. */
  declare selected: string;
  /** Strength of the current image's activation by layer id. */
  declare strengths: Readonly<Record<string, number>> | undefined;
  /** True to list every operator, false for the layers a person would name first. */
  declare full: boolean;

  constructor() {
    super();
    this.layers = [];
    this.selected = '';
    this.full = false;
  }

  /** The layers in the list: the main ones and the chosen one, or all. */
  get #shown(): readonly LayerSummary[] {
    if (this.full) return this.layers;
    return this.layers.filter(({ main, id }) => main || id === this.selected);
  }

  /** Chooses the layer some places up or down the list. */
  move(step: number): void {
    const shown = this.#shown;
    const at = shown.findIndex(({ id }) => id === this.selected);
    const next = shown[Math.max(0, Math.min(shown.length - 1, at + step))];
    if (next && next.id !== this.selected) this.dispatchEvent(new LayerSelectEvent(next.id));
  }

  protected override render(): TemplateResult {
    const shown = this.#shown;
    const extents = this.layers.map(({ shape }) => [shape[0] ?? 1, shape[1] ?? 1] as const);
    const mostChannels = Math.max(1, ...extents.map(([channels]) => Math.log2(channels + 1)));
    const mostHeight = Math.max(1, ...extents.map(([, height]) => Math.log2(height + 1)));
    const mostStrength = Math.max(1e-9, ...Object.values(this.strengths ?? {}));
    let stage = '';
    return html`
      <div role="listbox" aria-label="Layers">
        ${shown.map((layer) => {
          const heading = layer.stage !== stage && layer.stage !== layer.id;
          stage = layer.stage;
          return html`${heading ? html`<div class="stage" role="presentation">${stage}</div>` : nothing}
          ${this.#row(layer, mostChannels, mostHeight, mostStrength)}`;
        })}
      </div>
      <div class="foot">
        <label>
          <input
            type="checkbox"
            .checked=${this.full}
            @change=${(event: Event) => (this.full = (event.target as HTMLInputElement).checked)}
          />
          Every operator
        </label>
      </div>
    `;
  }

  #row(
    layer: LayerSummary,
    mostChannels: number,
    mostHeight: number,
    mostStrength: number,
  ): TemplateResult {
    const [channels = 1, height = 1] = layer.shape;
    const along = Math.max(3, Math.round((72 * Math.log2(channels + 1)) / mostChannels));
    const across = Math.max(3, Math.round((14 * Math.log2(height + 1)) / mostHeight));
    const strength = ((this.strengths?.[layer.id] ?? 0) / mostStrength) ** 0.5;
    const selected = layer.id === this.selected;
    const words = `${KIND_WORDS[layer.kind]}, ${formatShape(layer.shape)}${
      layer.parameters > 0 ? `, ${formatCount(layer.parameters)} parameters` : ''
    }`;
    const tone =
      { conv: 46, dense: 46, activation: 62, add: 54, concat: 54 }[layer.kind as string] ?? 74;
    return html`<div
      class="layer ${layer.main ? 'main' : ''}"
      role="option"
      data-layer=${layer.id}
      aria-selected=${selected}
      aria-label="${layer.id}: ${words}"
      title=${words}
      tabindex=${selected ? 0 : -1}
      @click=${() => this.dispatchEvent(new LayerSelectEvent(layer.id))}
      @keydown=${this.#onKey}
    >
      <span class="name"><bdi>${layer.id}</bdi></span>
      <span
        class="profile"
        .style=${`--tone:hsl(0 0% ${tone}%);--along:${along * 0.36}px;--across:${across * 2}px;width:${along}px;height:${across}px`}
        >${layer.from.length > 1 ? html`<span class="joint"></span>` : nothing}${
          this.strengths
            ? html`<span class="strength" .style=${`width:${Math.round(strength * 100)}%`}></span>`
            : nothing
        }</span
      >
    </div>`;
  }

  protected override updated(changed: PropertyValues<this>): void {
    if (!changed.has('selected') && !changed.has('layers')) return;
    const row = this.renderRoot.querySelector<HTMLElement>('[aria-selected="true"]');
    const list = row?.parentElement;
    if (!row || !list) return;
    // Scrolled by hand: scrollIntoView would move the page around an embedded element as well.
    const inList = { top: row.offsetTop - list.offsetTop, left: row.offsetLeft - list.offsetLeft };
    if (inList.top < list.scrollTop + 24 || inList.top + 32 > list.scrollTop + list.clientHeight) {
      list.scrollTop = inList.top - list.clientHeight / 3;
    }
    if (inList.left < list.scrollLeft || inList.left + 56 > list.scrollLeft + list.clientWidth) {
      list.scrollLeft = inList.left - list.clientWidth / 3;
    }
    if (this.#refocus) row.focus({ preventScroll: true });
    this.#refocus = false;
  }

  #refocus = false;

  readonly #onKey = (event: KeyboardEvent): void => {
    const steps: Record<string, number> = {
      ArrowUp: -1,
      ArrowLeft: -1,
      ArrowDown: 1,
      ArrowRight: 1,
      PageUp: -8,
      PageDown: 8,
      Home: -Infinity,
      End: Infinity,
    };
    const step = steps[event.key];
    if (step === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    this.#refocus = true;
    this.move(step);
  };
}

define('lens-spine', LensSpine);

declare global {
  interface HTMLElementTagNameMap {
    'lens-spine': LensSpine;
  }
}
