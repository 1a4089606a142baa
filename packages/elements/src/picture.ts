import type { Pixels } from '@convlens/data';
import { css, html, LitElement, type CSSResultGroup, type TemplateResult } from 'lit';
import { define } from './define.js';
import { tokens } from './tokens.js';

/** Side up to which pictures are enlarged before the page scales them. */
const FINE = 512;

/**
 * One or several pictures side by side, drawn in their own pixels and enlarged smoothly, or crisp.
 *
 * @summary Pictures in the pixels that they are computed in.
 */
export class LensPicture extends LitElement {
  static override properties = {
    pictures: { attribute: false },
    label: {},
    crisp: { type: Boolean, reflect: true },
  };

  static override styles: CSSResultGroup = [
    tokens,
    css`
      :host {
        display: block;
        position: relative;
        min-width: 0;
        min-height: 0;
      }
      canvas {
        position: absolute;
        inset: 0;
        width: 100%;
        height: 100%;
        object-fit: contain;
      }
      :host([crisp]) canvas {
        image-rendering: pixelated;
      }
    `,
  ];

  readonly #scratch = document.createElement('canvas');
  declare pictures: readonly Pixels[];
  /** What is shown, for screen readers. */
  declare label: string;
  /** Enlarge with the pixels as they are: for maps of numbers. */
  declare crisp: boolean;

  constructor() {
    super();
    this.pictures = [];
    this.label = '';
    this.crisp = false;
  }

  protected override render(): TemplateResult {
    return html`<canvas role="img" aria-label=${this.label}></canvas>`;
  }

  protected override updated(): void {
    const canvas = this.renderRoot.querySelector('canvas');
    const [first] = this.pictures;
    if (!canvas || !first) return;
    const columns = Math.ceil(Math.sqrt(this.pictures.length));
    // Small pictures are enlarged with a cubic filter here: that of style sheets leaves a lattice.
    const scale = Math.max(1, Math.floor(FINE / Math.max(first.width, first.height)));
    const gap = this.pictures.length > 1 ? scale : 0;
    const [width, height] = [first.width * scale + gap, first.height * scale + gap];
    const rows = Math.ceil(this.pictures.length / columns);
    if (canvas.width !== columns * width - gap) canvas.width = columns * width - gap;
    if (canvas.height !== rows * height - gap) canvas.height = rows * height - gap;
    const context = canvas.getContext('2d')!;
    context.imageSmoothingEnabled = !this.crisp;
    context.imageSmoothingQuality = 'high';
    for (const [i, { data, ...size }] of this.pictures.entries()) {
      this.#scratch.width = size.width;
      this.#scratch.height = size.height;
      const picture = new ImageData(Uint8ClampedArray.from(data), size.width, size.height);
      this.#scratch.getContext('2d')!.putImageData(picture, 0, 0);
      const [left, top] = [(i % columns) * width, Math.floor(i / columns) * height];
      context.drawImage(this.#scratch, left, top, width - gap, height - gap);
    }
  }
}

define('lens-picture', LensPicture);

declare global {
  interface HTMLElementTagNameMap {
    'lens-picture': LensPicture;
  }
}
