import type uPlot from 'uplot';
import { css, html, LitElement, type CSSResultGroup, type TemplateResult } from 'lit';
import { define, formatNumber, tokens } from '@convlens/elements';

/**
 * The objective over the steps.
 *
 * @summary Line chart of a run.
 */
class ObjectiveCurve extends LitElement {
  static override properties = { curve: { attribute: false }, revision: { attribute: false } };

  static override styles: CSSResultGroup = [
    tokens,
    css`
      :host {
        display: block;
        height: 140px;
        border: 0 solid var(--line);
      }
      .chart {
        height: 100%;
      }
      .chart .u-over,
      .chart .u-under,
      .chart canvas {
        position: absolute;
      }
      .chart .uplot,
      .chart .u-wrap {
        position: relative;
        width: 100%;
        height: 100%;
      }
      .chart canvas {
        inset: 0;
        width: 100%;
        height: 100%;
      }
      .u-legend {
        display: none;
      }
    `,
  ];

  /** A list of values a picture. */
  declare curve: readonly (readonly number[])[];
  /** Changed whenever the lists have grown. */
  declare revision: number;
  #plot: uPlot | undefined;
  #loading = false;
  #lines = 0;

  constructor() {
    super();
    this.curve = [];
    this.revision = 0;
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#plot?.destroy();
    this.#plot = undefined;
  }

  protected override render(): TemplateResult {
    const first = this.curve[0] ?? [];
    const words =
      first.length > 1
        ? `Objective from ${formatNumber(first[0]!)} to ${formatNumber(first.at(-1)!)} in ${first.length} steps`
        : 'Objective: no steps yet';
    return html`<div class="chart" role="img" aria-label=${words}></div>`;
  }

  protected override updated(): void {
    void this.#draw();
  }

  async #draw(): Promise<void> {
    const room = this.renderRoot.querySelector<HTMLElement>('.chart');
    if (!room || this.#loading || (this.curve[0]?.length ?? 0) < 2) return;
    const steps = this.curve[0]!.map((_, i) => i);
    const data = [steps, ...this.curve.map((line) => [...line])] as uPlot.AlignedData;
    if (this.#plot && this.#lines === this.curve.length) {
      this.#plot.setData(data);
      return;
    }
    this.#loading = true;
    const { default: Plot } = await import('uplot');
    this.#loading = false;
    this.#plot?.destroy();
    this.#lines = this.curve.length;
    const style = getComputedStyle(this);
    const text = style.color;
    const line = style.borderTopColor;
    const axis = {
      stroke: text,
      grid: { stroke: line, width: 1 },
      ticks: { show: false },
      font: '11px system-ui',
      size: 28,
    };
    this.#plot = new Plot(
      {
        width: room.clientWidth,
        height: room.clientHeight,
        cursor: { show: false },
        legend: { show: false },
        scales: { x: { time: false } },
        axes: [axis, { ...axis, size: 44 }],
        series: [
          {},
          ...this.curve.map(() => ({ stroke: text, width: 1.5, points: { show: false } })),
        ],
      },
      data,
      room,
    );
  }
}

define('objective-curve', ObjectiveCurve);
