import { html, nothing, type TemplateResult } from 'lit';
import { banner, formatBytes, resolveFile } from '@convlens/elements';
import type { CarriedParts } from './carried-panel.js';
import type { ControlParts } from './lens-controls.js';
import type * as Inspectors from './inspectors.js';
import { LENSES, shownLayer, unitWords, VIEWS, type LensParts } from './lenses.js';
import type { Pictures } from './pictures.js';
import type { View, ViewerState } from './state.js';
import type { ViewerModel } from './viewer-model.js';

/** What the panel shows: a viewer, or as much of one. */
export type PanelParts = LensParts &
  CarriedParts &
  ControlParts &
  Pick<
    ViewerModel,
    'busy' | 'cancel' | 'dismiss' | 'notice' | 'problem' | 'readings' | 'revision' | 'show'
  >;

/** What the panel in the middle shows, besides the model. */
export interface PanelContents {
  readonly pictures: Pictures | undefined;
  /** Units in the order shown. */
  readonly units: readonly number[];
  /** Unit under the pointer or focus. */
  readonly hovered: number | undefined;
  readonly dropping: boolean;
  readonly savePng: () => void;
  /** What draws projections and attributions; there once the first pictures are. */
  readonly inspectors: typeof Inspectors | undefined;
}

const valueOf = (event: Event): string => (event.target as HTMLSelectElement).value;

function tab(model: PanelParts, view: View): TemplateResult {
  const selected = model.state.view === view;
  const onKey = (event: KeyboardEvent): void => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (step === undefined) return;
    const next = VIEWS[(VIEWS.indexOf(view) + step + VIEWS.length) % VIEWS.length]!;
    const tabs = (event.currentTarget as HTMLElement).parentElement!;
    model.show({ view: next });
    tabs.querySelector<HTMLElement>(`#tab-${next}`)?.focus();
  };
  return html`<button
    role="tab"
    id="tab-${view}"
    aria-selected=${selected}
    aria-controls="panel"
    tabindex=${selected ? 0 : -1}
    @click=${() => model.show({ view })}
    @keydown=${onKey}
  >
    ${LENSES[view].title}
  </button>`;
}

function legend(
  pictures: Pictures | undefined,
  unit: number | undefined,
): TemplateResult | typeof nothing {
  if (!pictures?.table) return nothing;
  const range = pictures.range ?? (unit === undefined ? undefined : pictures.rangeOf(unit));
  const signed = pictures.rangeOf(0).low < 0;
  return html`<lens-legend
    .table=${pictures.table}
    .range=${range}
    note=${signed ? 'below 0 | above 0' : '0 | its largest'}
  ></lens-legend>`;
}

/** Order and scale of a grid. */
function gridControls(model: PanelParts): TemplateResult {
  const { sort, scale } = model.state;
  const sortBy = (event: Event): void =>
    model.show({ sort: valueOf(event) as ViewerState['sort'] });
  const scaleBy = (event: Event): void =>
    model.show({ scale: valueOf(event) as ViewerState['scale'] });
  return html`
    <select aria-label="Order" @change=${sortBy}>
      <option value="order" .selected=${sort === 'order'}>In order</option>
      <option value="strength" .selected=${sort === 'strength'}>Strongest first</option>
    </select>
    <select aria-label="Scale of the colours" @change=${scaleBy}>
      <option value="each" .selected=${scale === 'each'}>Each scaled alone</option>
      <option value="together" .selected=${scale === 'together'}>One scale for all</option>
    </select>
  `;
}

function progress(model: PanelParts): TemplateResult | typeof nothing {
  const [current] = [...model.busy.values()].slice(-1);
  if (!current) return nothing;
  const verbs = {
    download: 'Fetching',
    read: 'Reading',
    start: 'Starting',
    compile: 'Preparing',
    run: 'Computing',
  };
  const { stage, what, loaded, total } = current;
  const unit = (count: number): string =>
    stage === 'download' ? formatBytes(count) : String(count);
  const size =
    loaded !== undefined && total !== undefined ? ` ${unit(loaded)} of ${unit(total)}` : '';
  return html`<div class="progress late">
    <span>${verbs[stage]} ${what}${size}</span>
    <progress
      aria-label=${what}
      max=${total ?? nothing}
      value=${total === undefined ? nothing : (loaded ?? nothing)}
    ></progress>
    <button @click=${() => model.cancel()}>Cancel</button>
  </div>`;
}

/** The pictures of the lens. */
function contents(
  model: PanelParts,
  { pictures, units, inspectors }: PanelContents,
): TemplateResult {
  const { state } = model;
  if (state.view === 'projections' || state.view === 'attribution') {
    return inspectors ? inspectors.carriedBack(model) : html``;
  }
  return html`<lens-tile-grid
    .units=${units}
    .paint=${pictures?.paint}
    .tileWidth=${pictures?.tileWidth ?? 1}
    .tileHeight=${pictures?.tileHeight ?? 1}
    .gap=${pictures?.gap ?? 3}
    .pinned=${state.channel}
    .revision=${model.revision}
    .describe=${(unit: number) => unitWords(model, unit)}
    .label=${`${LENSES[state.view].title} of ${shownLayer(model)}`}
  ></lens-tile-grid>`;
}

/**
 * The middle: tabs, what is to be said of the lens, its pictures, and the line under them.
 *
 * @param model what is open
 * @param panel what is shown
 */
export function lensPanel(model: PanelParts, panel: PanelContents): TemplateResult {
  const { view, channel } = model.state;
  const unit = panel.hovered ?? channel;
  const { page } = LENSES[view];
  const isPooled = view === 'maps' && model.readings.maps?.pooling !== undefined;
  const sentence = (isPooled ? panel.inspectors?.SWITCHES : undefined) ?? LENSES[view].sentence;
  const grid = view === 'filters' || view === 'maps';
  return html`
    <div class="bar">
      <div role="tablist" aria-label="Lens">${VIEWS.map((one) => tab(model, one))}</div>
      ${grid ? gridControls(model) : nothing} ${panel.inspectors?.lensControls(model) ?? nothing}
    </div>
    <p class="sentence">${sentence} <a href=${resolveFile('docs', page)}>How to read it</a></p>
    ${banner(model.problem, model.notice, () => model.dismiss())}
    <div role="tabpanel" id="panel" aria-labelledby="tab-${view}">${contents(model, panel)}</div>
    <div class="foot">
      <p class="readout">${panel.inspectors?.readout(model, unit)}</p>
      ${progress(model)} ${grid ? legend(panel.pictures, unit) : nothing}
      ${
        grid
          ? html`<button ?disabled=${!panel.pictures} @click=${panel.savePng}>PNG</button>`
          : nothing
      }
    </div>
    ${panel.dropping ? html`<div class="drop">Drop a picture, several, a folder, a zip, or an ONNX network</div>` : nothing}
  `;
}
