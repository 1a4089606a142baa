import { css, html, LitElement, nothing, type CSSResultGroup, type TemplateResult } from 'lit';
import type { Sample } from './catalogue.js';
import { define } from './define.js';
import { resolveFile } from './environment.js';
import { ImageSelectEvent } from './events.js';
import { controls, tokens } from './tokens.js';

/**
 * Where the image comes from: sample pictures, a file, an address, the camera.
 *
 * @summary Strip of sample pictures and other sources of images.
 * @fires lens-image-select - a picture was chosen
 */
export class LensImageStrip extends LitElement {
  static override properties = {
    samples: { attribute: false },
    selected: {},
    camera: { type: Boolean },
    still: { type: Boolean },
    asking: { state: true },
  };

  static override styles: CSSResultGroup = [
    tokens,
    controls,
    css`
      :host {
        display: flex;
        flex-wrap: wrap;
        align-items: center;
        gap: 8px;
        min-width: 0;
      }
      .samples {
        display: flex;
        gap: 4px;
        padding: 3px;
        overflow: auto hidden;
        scrollbar-width: thin;
        max-width: 100%;
      }
      .sample {
        flex: none;
        width: 40px;
        height: 40px;
        min-height: 0;
        padding: 0;
        border: 0;
        overflow: hidden;
        background: var(--well);
      }
      @media (pointer: coarse) {
        .sample {
          width: 44px;
          height: 44px;
        }
      }
      .sample[aria-pressed='true'] {
        outline: 3px solid var(--accent);
        outline-offset: 0;
      }
      img {
        display: block;
        width: 100%;
        height: 100%;
        object-fit: cover;
      }
      @container (max-width: 760px) {
        .samples {
          width: 100%;
        }
      }
      button:not(.sample) {
        padding: 0 10px;
      }
      form {
        display: flex;
        gap: 4px;
        flex: 1 1 260px;
      }
      form input {
        flex: 1;
        min-width: 0;
      }
    `,
  ];

  declare samples: readonly Sample[];
  /** Id of the chosen sample, or empty. */
  declare selected: string;
  /** True while the camera is on. */
  declare camera: boolean;
  /** Where a moving picture makes no sense: no camera is offered. */
  declare still: boolean;
  declare asking: boolean;

  constructor() {
    super();
    this.samples = [];
    this.selected = '';
    this.camera = false;
    this.still = false;
    this.asking = false;
  }

  protected override render(): TemplateResult {
    return html`
      <div class="samples" role="group" aria-label="Sample pictures">
        ${this.samples.map(
          ({ id, title, file }) =>
            html`<button
              class="sample"
              aria-pressed=${id === this.selected}
              title=${title}
              @click=${() => this.#choose({ kind: 'sample', id })}
            >
              <img src=${resolveFile('samples', file)} alt=${title} width="44" height="44" />
            </button>`,
        )}
      </div>
      <button @click=${() => this.renderRoot.querySelector<HTMLInputElement>('#file')!.click()}>
        Photo…
      </button>
      <input
        id="file"
        type="file"
        accept="image/*"
        hidden
        aria-label="Image file"
        @change=${this.#onFile}
      />
      <button aria-expanded=${this.asking} @click=${() => (this.asking = !this.asking)}>
        Link…
      </button>
      ${
        this.still
          ? nothing
          : html`<button
              aria-pressed=${this.camera}
              @click=${() => this.#choose({ kind: 'camera' })}
            >
              ${this.camera ? 'Stop camera' : 'Camera'}
            </button>`
      }
      ${
        this.asking
          ? html`<form @submit=${this.#onUrl}>
              <input
                name="url"
                type="url"
                required
                aria-label="Address of an image"
                placeholder="https://…"
              />
              <button class="primary">Open</button>
            </form>`
          : nothing
      }
    `;
  }

  #choose(choice: ImageSelectEvent['choice']): void {
    this.dispatchEvent(new ImageSelectEvent(choice));
  }

  readonly #onFile = (event: Event): void => {
    const input = event.target as HTMLInputElement;
    const file = input.files?.[0];
    if (file) this.#choose({ kind: 'file', file, name: file.name });
    // The same file can be chosen again.
    input.value = '';
  };

  readonly #onUrl = (event: SubmitEvent): void => {
    event.preventDefault();
    const url = new FormData(event.target as HTMLFormElement).get('url');
    if (typeof url === 'string') this.#choose({ kind: 'url', url });
    this.asking = false;
  };
}

define('lens-image-strip', LensImageStrip);

declare global {
  interface HTMLElementTagNameMap {
    'lens-image-strip': LensImageStrip;
  }
}
