import { css, html, LitElement, type CSSResultGroup, type TemplateResult } from 'lit';
import type { ColorTable, Range } from '@convlens/data';
import { define } from './define.js';
import { formatNumber } from './format.js';
import { tokens } from './tokens.js';

/**
 * The colours of a map and the numbers that their ends stand for.
 *
 * @summary Colour bar with numbers.
 */
export class LensLegend extends LitElement {
  static override properties = {
    table: { attribute: false },
    range: { attribute: false },
    note: {},
  };

  static override styles: CSSResultGroup = [
    tokens,
    css`
      :host {
        display: inline-flex;
        align-items: center;
        gap: 8px;
        font-size: 12px;
      }
      .bar {
        width: 88px;
        height: 12px;
        border: 1px solid var(--line);
      }
    `,
  ];

  declare table: ColorTable | undefined;
  /** Values of the table's ends; without it every picture has its own. */
  declare range: Range | undefined;
  /** What the ends are when there is no common range. */
  declare note: string;

  constructor() {
    super();
    this.note = '';
  }

  protected override render(): TemplateResult {
    const { table, range, note } = this;
    const stops = Array.from({ length: 13 }, (_, i) => {
      const at = Math.round((i / 12) * 255) * 3;
      return table ? `rgb(${table[at]} ${table[at + 1]} ${table[at + 2]})` : 'transparent';
    });
    const [low, high] = range
      ? [formatNumber(range.low), formatNumber(range.high)]
      : note.split('|').map((part) => part.trim());
    return html`<span>${low}</span>
      <span
        class="bar"
        role="img"
        aria-label="Colours from ${low ?? ''} to ${high ?? ''}"
        .style=${`background:linear-gradient(to right, ${stops.join(', ')})`}
      ></span>
      <span>${high}</span>`;
  }
}

define('lens-legend', LensLegend);

declare global {
  interface HTMLElementTagNameMap {
    'lens-legend': LensLegend;
  }
}
