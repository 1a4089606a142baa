import { css, html, LitElement, svg, type CSSResultGroup, type TemplateResult } from 'lit';
import { define, tokens } from '@convlens/elements';

/** One line of a chart. */
interface Line {
  readonly title: string;
  /** CSS colour. */
  readonly colour: string;
  /** SVG dash pattern; solid when empty. */
  readonly dash: string;
  /** x, and a part from 0 to 1. */
  readonly points: readonly (readonly [x: number, part: number])[];
}

const EDGE = { left: 44, right: 12, top: 8, bottom: 40 };
const HEIGHT = 280;

/**
 * Parts from 0 to 100 % as lines, drawn in the pixels of the page so that words keep their size.
 *
 * @summary Line chart of parts.
 */
class LabLines extends LitElement {
  static override properties = {
    lines: { attribute: false },
    ticks: { attribute: false },
    axis: {},
    label: {},
    width: { state: true },
  };

  static override styles: CSSResultGroup = [
    tokens,
    css`
      :host {
        display: block;
        min-width: 0;
        max-width: 880px;
        margin-bottom: 12px;
      }
      svg {
        display: block;
        width: 100%;
        height: ${HEIGHT}px;
        overflow: visible;
      }
      text {
        fill: var(--quiet);
        font-size: 12px;
      }
      .grid {
        stroke: var(--line);
      }
      ul {
        list-style: none;
        margin: 8px 0 0;
        padding: 0;
        display: flex;
        flex-wrap: wrap;
        gap: 4px 16px;
        font-size: 13px;
      }
      li {
        display: inline-flex;
        align-items: center;
        gap: 6px;
      }
      .key {
        width: 28px;
        height: 8px;
        overflow: visible;
      }
    `,
  ];

  declare lines: readonly Line[];
  /** Values of x that are named, with their names; they are spread evenly. */
  declare ticks: readonly (readonly [x: number, title: string])[];
  /** What x is. */
  declare axis: string;
  /** What is shown, for screen readers. */
  declare label: string;
  declare width: number;
  readonly #resize = new ResizeObserver(([entry]) => {
    this.width = entry?.contentRect.width ?? 0;
  });

  constructor() {
    super();
    this.lines = [];
    this.ticks = [];
    this.axis = '';
    this.label = '';
    this.width = 600;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.#resize.observe(this);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#resize.disconnect();
  }

  protected override render(): TemplateResult {
    const { ticks } = this;
    const inner = Math.max(60, this.width - EDGE.left - EDGE.right);
    const tall = HEIGHT - EDGE.top - EDGE.bottom;
    const at = (x: number): number => {
      const i = ticks.findIndex(([value]) => value === x);
      return EDGE.left + (inner * Math.max(0, i)) / Math.max(1, ticks.length - 1);
    };
    const up = (part: number): number => EDGE.top + tall * (1 - part);
    return html`
      <svg role="img" aria-label=${this.label}>
        ${[0, 0.25, 0.5, 0.75, 1].map(
          (part) =>
            svg`<line class="grid" x1=${EDGE.left} x2=${EDGE.left + inner} y1=${up(part)} y2=${up(part)} />
              <text x=${EDGE.left - 6} y=${up(part) + 4} text-anchor="end">${100 * part} %</text>`,
        )}
        ${ticks.map(
          ([x, title]) =>
            svg`<text x=${at(x)} y=${HEIGHT - EDGE.bottom + 18} text-anchor="middle">${title}</text>`,
        )}
        <text x=${EDGE.left + inner / 2} y=${HEIGHT - 4} text-anchor="middle">${this.axis}</text>
        ${this.lines.map(
          ({ colour, dash, points }) =>
            svg`<polyline
                fill="none"
                stroke=${colour}
                stroke-width="2.5"
                stroke-dasharray=${dash}
                points=${points.map(([x, part]) => `${at(x)},${up(part)}`).join(' ')}
              />
              ${points.map(([x, part]) => svg`<circle r="3.5" fill=${colour} cx=${at(x)} cy=${up(part)} />`)}`,
        )}
      </svg>
      <ul aria-label="Lines">
        ${this.lines.map(
          ({ title, colour, dash }) =>
            html`<li>
              <svg class="key" aria-hidden="true">
                <line
                  x1="0"
                  x2="28"
                  y1="4"
                  y2="4"
                  stroke=${colour}
                  stroke-width="2.5"
                  stroke-dasharray=${dash}
                />
              </svg>
              ${title}
            </li>`,
        )}
      </ul>
    `;
  }
}

define('lab-lines', LabLines);

declare global {
  interface HTMLElementTagNameMap {
    'lab-lines': LabLines;
  }
}
