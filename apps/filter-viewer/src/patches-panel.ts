import { css, html, LitElement, nothing, type CSSResultGroup, type TemplateResult } from 'lit';
import {
  fieldWindow,
  projectionDescriptions,
  projectionRules,
  type ProjectionRule,
} from '@convlens/core';
import {
  controls,
  define,
  fileButton,
  formatNumber,
  resolveFile,
  tokens,
} from '@convlens/elements';
import type { Patch, PatchSearch } from './patch-search.js';
import { drawPart, inputPicture } from './pictures.js';

/** Those that mask the signal first: patches are mostly looked at by them. */
const RULES: readonly ProjectionRule[] = [
  ...projectionRules.filter((rule) => rule !== 'backprop'),
  'backprop',
];

/**
 * The nine strongest patches of a channel over a set of images, each over its projection.
 *
 * @summary Strongest patches of a unit, and what they are carried back to.
 */
class PatchesPanel extends LitElement {
  static override properties = {
    search: { attribute: false },
    revision: { attribute: false },
  };

  static override styles: CSSResultGroup = [
    tokens,
    controls,
    css`
      :host {
        display: block;
        padding: 12px;
        border-top: 1px solid var(--line);
      }
      h2 {
        flex: 1 1 auto;
        margin: 0;
        font-size: 14px;
        font-weight: 600;
      }
      p {
        margin: 4px 0 8px;
        max-width: 90ch;
      }
      a {
        color: inherit;
        text-underline-offset: 3px;
      }
      .controls {
        display: flex;
        flex-wrap: wrap;
        align-items: center;
        gap: 8px;
      }
      .controls label,
      .state {
        display: inline-flex;
        align-items: center;
        gap: 8px;
      }
      progress {
        width: 120px;
        accent-color: var(--text);
      }
      ol {
        display: grid;
        grid-template-columns: repeat(auto-fill, minmax(84px, 1fr));
        gap: 12px 8px;
        max-width: 1100px;
        margin: 0;
        padding: 0;
        list-style: none;
      }
      .patch {
        display: grid;
        gap: 4px;
        width: 100%;
        min-height: 0;
        padding: 0;
        border: 0;
        background: none;
        text-align: left;
      }
      .patch:hover canvas:first-child {
        outline: 2px solid var(--control);
      }
      canvas {
        display: block;
        width: 100%;
        background: repeating-linear-gradient(45deg, var(--line) 0 2px, transparent 2px 6px);
      }
      canvas[data-kind='projection'] {
        background: #7f7f7f;
        image-rendering: pixelated;
      }
      .patch span {
        overflow: hidden;
        text-overflow: ellipsis;
        font-size: 12px;
        line-height: 1.3;
      }
      details {
        margin-top: 12px;
      }
      ul {
        margin: 4px 0;
        padding-left: 20px;
        overflow-wrap: anywhere;
      }
      @media (pointer: coarse) {
        summary {
          min-height: 44px;
        }
      }
    `,
  ];

  declare search: PatchSearch;
  /** Changes with what the search has. */
  declare revision: number;

  constructor() {
    super();
    this.revision = 0;
  }

  #state(): TemplateResult | typeof nothing {
    const { search } = this;
    const { looked, status } = search;
    const total = search.set?.images.length;
    if (total === undefined) return nothing;
    const words = `${looked} of ${total} images`;
    if (search.isWaiting)
      return html`<span class="state quiet">Waits until the camera is off.</span>`;
    if (status === 'done') return nothing;
    return html`<span class="state">
      <progress aria-label="Images looked at" max=${total} value=${looked}></progress>
      <span class="count">${words}</span>
      ${
        status === 'searching'
          ? html`<button @click=${() => search.stop()}>Stop</button>`
          : html`<button @click=${() => search.goOn()}>Go on</button>`
      }
    </span>`;
  }

  #patch(patch: Patch, at: number): TemplateResult {
    const { name, value, row, column, projection } = patch;
    const problem = projection?.problem;
    const words =
      `Patch ${at + 1}: ${name}, ${formatNumber(value)} at row ${row}, column ${column}` +
      `${problem === undefined ? '' : `. ${problem}`}. Opens the image.`;
    return html`<li>
      <button
        class="patch"
        title=${name}
        aria-label=${words}
        @click=${() => this.search.open(patch)}
      >
        <canvas data-kind="image" data-at=${at} width="1" height="1"></canvas>
        <canvas data-kind="projection" data-at=${at} width="1" height="1"></canvas>
        <span>${formatNumber(value)} <span class="quiet">${name.split('/').at(-1)}</span></span>
      </button>
    </li>`;
  }

  #unreadable(): TemplateResult | typeof nothing {
    const { unreadable } = this.search;
    const count = unreadable.length;
    if (count === 0) return nothing;
    const words = count === 1 ? '1 image was' : `${count} images were`;
    return html`<details>
      <summary>${words} left out: not readable</summary>
      <ul>
        ${unreadable.map(({ name, message }) => html`<li><strong>${name}</strong>: ${message}</li>`)}
      </ul>
    </details>`;
  }

  protected override render(): TemplateResult {
    const { search } = this;
    const { patches, rule, status, layer, set, channel } = search;
    const chooseRule = (event: Event): void =>
      search.chooseRule((event.target as HTMLSelectElement).value as ProjectionRule);
    return html`
      <div class="controls" role="group" aria-label="Image set">
        <h2>Strongest patches of channel ${channel}${layer ? ` of ${layer.id}` : ''}</h2>
        <label
          >Rule
          <select @change=${chooseRule}>
            ${RULES.map(
              (id) =>
                html`<option value=${id} .selected=${id === rule}>
                  ${projectionDescriptions[id].title}
                </option>`,
            )}
          </select></label
        >
        <span>${set?.title ?? 'Samples'}</span>
        ${fileButton(
          'Images or zip…',
          'Images or a zip archive',
          (files) => void search.choose(files),
          { accept: 'image/*,.zip', multiple: true },
        )}
        ${fileButton('Folder…', 'Folder', (files) => void search.choose(files), { folder: true })}
        <button @click=${() => search.choose()} ?hidden=${set?.images[0]?.sample !== undefined}>
          Samples
        </button>
        ${this.#state()}
      </div>
      <p class="quiet">
        Where in these images the channel answers most, one place an image; below each, what that
        answer is carried back to.
        <a href=${resolveFile('docs', 'strongest-patches.html')}>How to read it</a>
      </p>
      <ol aria-label="Strongest patches">
        ${patches.map((patch, at) => this.#patch(patch, at))}
      </ol>
      ${
        patches.length === 0 && status === 'done'
          ? html`<p>No image of the set makes this channel answer.</p>`
          : nothing
      }
      ${this.#unreadable()}
    `;
  }

  /** Where the unit is: a field as large as the image does not say it. */
  #markUnit(canvas: HTMLCanvasElement, { row, column }: Patch): void {
    const [, rows = 1, columns = 1] = this.search.layer?.shape ?? [];
    if (rows * columns === 1) return;
    const context = canvas.getContext('2d')!;
    const x = ((column + 0.5) / columns) * canvas.width;
    const y = ((row + 0.5) / rows) * canvas.height;
    // A dark line under a light one shows on every picture.
    for (const [line, colour] of [
      [0.05, '#000'],
      [0.02, '#fff'],
    ] as const) {
      context.lineWidth = line * canvas.width;
      context.strokeStyle = colour;
      context.beginPath();
      context.arc(x, y, 0.07 * canvas.width, 0, 2 * Math.PI);
      context.stroke();
    }
  }

  protected override updated(): void {
    const { search } = this;
    const { inputSize, blueFirst } = search;
    for (const canvas of this.renderRoot.querySelectorAll('canvas')) {
      const patch = search.patches[Number(canvas.dataset.at)];
      if (!patch) continue;
      const { row, column, picture, projection } = patch;
      const window = fieldWindow(search.layer?.field, [row, column], inputSize);
      if (canvas.dataset.kind === 'image') {
        if (!picture) continue;
        drawPart(canvas, picture, window, inputSize);
        if (window.width === inputSize[1]) this.#markUnit(canvas, patch);
        continue;
      }
      canvas.width = window.width;
      canvas.height = window.height;
      if (!projection) continue;
      const projected = inputPicture(projection.projection, blueFirst);
      canvas.getContext('2d')!.putImageData(projected, -window.left, -window.top);
    }
  }
}

define('lens-patches-panel', PatchesPanel);

declare global {
  interface HTMLElementTagNameMap {
    'lens-patches-panel': PatchesPanel;
  }
}
