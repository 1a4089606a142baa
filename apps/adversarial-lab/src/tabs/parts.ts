import { html, type PropertyValues, type TemplateResult } from 'lit';
import { displayRange, divergingDark, divergingLight, sequential } from '@convlens/data';
import { define, formatNumber, type TaskOptions } from '@convlens/elements';
import '@convlens/elements/legend.js';
import type { LayerActivation, LayerSummary } from '@convlens/engine';
import type { LayerDivergence } from '@convlens/core';
import { painted } from '../maps.js';
import { LabTab } from './lab-tab.js';

/** Channels shown side by side. */
const SHOWN = 8;

/** How far the two images are apart, layer by layer, and their feature maps side by side. */
class LabParts extends LabTab {
  #layers: readonly LayerDivergence[] = [];
  #maps: readonly LayerActivation[] = [];
  /** The layer whose maps were read last, or could not be. */
  #read = '';

  protected override updated(changed: PropertyValues<this>): void {
    super.updated(changed);
    if (!this.active || this.busy || !this.fresh || this.#layer === this.#read) return;
    void this.task((options) => this.#readMaps(options));
  }

  /** The layer that is chosen: the one of the link, else the last convolutional one. */
  get #layer(): string {
    const { state, network } = this.lab;
    const chosen = network?.layers.find(({ id }) => id === state.layer);
    return chosen?.id ?? network?.lastConv ?? '';
  }

  protected override async compute(options: TaskOptions): Promise<void> {
    const { session: engine, network, attacked: image, result } = this.lab;
    if (!network || !image || !result) return;
    const { layers } = await engine.run(
      'divergence',
      { network: network.handle, image, attacked: result },
      options,
    );
    this.#layers = layers;
    await this.#readMaps(options);
  }

  async #readMaps({ signal }: TaskOptions): Promise<void> {
    const { session: engine, network, attacked: original, result } = this.lab;
    if (!network || !original || !result) return;
    const layer = (this.#read = this.#layer);
    const both: LayerActivation[] = [];
    for (const image of [original, result]) {
      const request = { network: network.handle, image, layers: [layer] };
      const { layers } = await engine.run('activations', request, { signal });
      both.push(...layers);
    }
    this.#maps = both;
  }

  protected override render(): TemplateResult {
    return html`
      ${this.about(
        'How far the activations of the original and of the result are apart, as a part of the original’s length: from next to nothing at the pixels to another class at the end.',
        'robustness.html',
      )}
      ${this.banner()}
      ${this.fresh ? html`<div class="split">${this.#chart()} ${this.#sideBySide()}</div>` : this.computing()}
    `;
  }

  #chart(): TemplateResult {
    const layers = this.lab.network?.layers ?? [];
    const main = new Set(layers.filter((layer) => layer.main).map(({ id }) => id));
    const shown = this.#layers.filter(({ layer }) => main.has(layer));
    const most = Math.max(...shown.map(({ distance }) => distance), 1e-9);
    return html`<div>
      <h3>Distance by layer</h3>
      <ol class="layers">
        ${shown.map(
          ({ layer, distance }) =>
            html`<li>
              <button
                aria-pressed=${layer === this.#layer}
                @click=${() => this.lab.showLayer(layer)}
              >
                <span class="name">${layer}</span>
                <span class="track"
                  ><span class="fill" .style=${`width:${(100 * distance) / most}%`}></span
                ></span>
                <span class="n">${formatNumber(distance)}</span>
              </button>
            </li>`,
        )}
      </ol>
    </div>`;
  }

  #sideBySide(): TemplateResult {
    const layer = this.#layer;
    const [before, after] = this.#maps;
    const summary = this.lab.network?.layers.find(({ id }) => id === layer);
    const parted = this.#layers.find((one) => one.layer === layer);
    if (!before || !after || !summary || !parted || before.layer !== layer) {
      return html`<p class="empty">Reading ${layer}…</p>`;
    }
    return html`<div>
      <h3>${layer}: the channels that change most</h3>
      ${summary.shape.length === 3 ? this.#grid(summary, parted, before, after) : this.#numbers(parted, before, after)}
    </div>`;
  }

  #numbers(
    { channels }: LayerDivergence,
    before: LayerActivation,
    after: LayerActivation,
  ): TemplateResult {
    return html`<div class="scroll">
      <table>
        <thead>
          <tr>
            <th scope="col">Unit</th>
            <th scope="col" class="n">Original</th>
            <th scope="col" class="n">Result</th>
          </tr>
        </thead>
        <tbody>
          ${channels.map(
            ({ channel }) =>
              html`<tr>
                <th scope="row">
                  ${before.activation.data.length === this.lab.names?.length ? this.lab.nameOf(channel) : channel}
                </th>
                <td class="n">${formatNumber(before.activation.data[channel]!)}</td>
                <td class="n">${formatNumber(after.activation.data[channel]!)}</td>
              </tr>`,
          )}
        </tbody>
      </table>
    </div>`;
  }

  #grid(
    { shape: [, height = 1, width = 1] }: LayerSummary,
    { channels }: LayerDivergence,
    before: LayerActivation,
    after: LayerActivation,
  ): TemplateResult {
    const plane = width * height;
    const most = channels.slice(0, SHOWN);
    const of = ({ activation }: LayerActivation, c: number): Float32Array =>
      activation.data.subarray(c * plane, (c + 1) * plane);
    const all = most.flatMap(({ channel }) => [...of(before, channel), ...of(after, channel)]);
    const range = displayRange(Math.min(...all), Math.max(...all));
    const dark = matchMedia('(prefers-color-scheme: dark)').matches;
    const table = range.low < 0 ? (dark ? divergingDark : divergingLight) : sequential;
    return html`<ul class="pairs" aria-label="Channels">
        ${most.map(
          ({ channel, distance }) =>
            html`<li>
              <span><b>${channel}</b> <span class="quiet">${formatNumber(distance)}</span></span>
              <span class="two">
                ${[before, after].map(
                  (one, i) =>
                    html`<lens-picture
                      crisp
                      .pictures=${[painted(of(one, channel), width, height, range, table)]}
                      label="Channel ${channel} of the ${i === 0 ? 'original' : 'result'}"
                    ></lens-picture>`,
                )}
              </span>
            </li>`,
        )}
      </ul>
      <p class="row">
        <lens-legend .table=${table} .range=${range}></lens-legend>
        <span class="quiet">left the original, right the result; one scale for all</span>
      </p>`;
  }
}

define('lab-parts', LabParts);
