import {
  html,
  LitElement,
  nothing,
  type CSSResultGroup,
  type PropertyValues,
  type TemplateResult,
} from 'lit';
import {
  controls,
  define,
  formatBytes,
  formatCount,
  formatNumber,
  formatShape,
  readLink,
  resolveFile,
  sharedEngine,
  tokens,
  writeLink,
  type ImageSelectEvent,
  type LayerSelectEvent,
  type LensSpine,
  type LensTileGrid,
  type UnitHoverEvent,
  type UnitSelectEvent,
} from '@convlens/elements';
import type { BackendChoice, EngineClient } from '@convlens/engine';
import { layout } from './filter-viewer.styles.js';
import type { PlaceSelectEvent } from './map-inspector.js';
import { kernelPictures, mapPictures, orderUnits, type Pictures } from './pictures.js';
import { preprocessingChoices, sameScheme } from './preprocessing.js';
import { linkTable, type View, type ViewerState } from './state.js';
import { ViewerModel } from './viewer-model.js';

const SENTENCES: Record<View, string> = {
  filters:
    'What each unit looks for: the weights that slide over its input. Filters on the image are shown in colour, with grey for zero; deeper ones as one small square for every channel they read.',
  maps: 'Where each unit finds it: its answer at every place of the image. Bright is a strong answer.',
};

const HINTS: Record<View, string> = {
  filters: 'Click a filter to enlarge it and see its numbers.',
  maps: 'Click a channel to lay it over the image.',
};

const PAGES: Record<View, string> = { filters: 'filters.html', maps: 'feature-maps.html' };

/**
 * Filters and feature maps of a convolutional network, for the visitor's own picture or camera.
 *
 * @summary Look inside a convolutional network.
 * @fires load - a network is open and its first pictures are shown
 * @fires error - something failed; `message` says what, the view stays as it was
 */
export class FilterViewer extends LitElement {
  static override properties = {
    network: {},
    image: {},
    layer: {},
    channel: { type: Number },
    view: {},
    link: { type: Boolean },
    hovered: { state: true },
    dropping: { state: true },
  };

  static override styles: CSSResultGroup = [tokens, controls, layout];

  /** Id of the embedded network to open with. */
  declare network: string | undefined;
  /** Id of the sample picture to open with. */
  declare image: string | undefined;
  declare layer: string | undefined;
  declare channel: number | undefined;
  declare view: View | undefined;
  /** Keep the state in the address of the page. For pages that belong to the viewer alone. */
  declare link: boolean;
  declare hovered: number | undefined;
  declare dropping: boolean;

  #model: ViewerModel | undefined;
  #pictures: Pictures | undefined;
  #picturesOf: unknown[] = [];
  #units: readonly number[] = [];
  #loaded = false;

  constructor() {
    super();
    this.link = false;
    this.dropping = false;
    this.addEventListener('dragover', this.#onDrag);
    this.addEventListener('dragleave', () => (this.dropping = false));
    this.addEventListener('drop', this.#onDrop);
  }

  /** The engine behind this element; all elements of a page share one. */
  get engine(): EngineClient {
    return sharedEngine();
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.#keys.addEventListener('keydown', this.#onKey);
    addEventListener('paste', this.#onPaste);
    addEventListener('hashchange', this.#onHash);
    const fromLink = readLink(this.link ? location.hash : '', linkTable);
    const given = new URLSearchParams(this.link ? location.hash.slice(1) : '');
    const prefer = <K extends keyof ViewerState>(
      key: K,
      attribute: ViewerState[K] | undefined,
    ): void => {
      if (!given.has(key) && attribute !== undefined) fromLink[key] = attribute;
    };
    prefer('network', this.network);
    prefer('image', this.image);
    prefer('layer', this.layer);
    prefer('channel', this.channel);
    prefer('view', this.view);
    this.#model = new ViewerModel(this.engine, fromLink, () => this.requestUpdate());
    void this.#model.open();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#keys.removeEventListener('keydown', this.#onKey);
    removeEventListener('paste', this.#onPaste);
    removeEventListener('hashchange', this.#onHash);
    this.#model?.close();
    this.#model = undefined;
  }

  /** Where keys are heard: on the whole page when it belongs to the viewer, else only inside the element. */
  get #keys(): HTMLElement {
    return this.link ? document.documentElement : this;
  }

  /** True when the surroundings are dark, whatever made them so. */
  get #dark(): boolean {
    const [red = 0] = (getComputedStyle(this).color.match(/[\d.]+/g) ?? []).map(Number);
    return red > 127;
  }

  /** Pictures of the current view, made again only when what they show has changed. */
  #arrange(model: ViewerModel): void {
    const { view, scale, sort } = model.state;
    const dark = this.#dark;
    const source = view === 'filters' ? model.kernels : model.maps;
    const key = [source, scale, sort, dark];
    if (key.every((part, i) => part === this.#picturesOf[i])) return;
    const sortedAnew = !model.camera || this.#picturesOf[2] !== sort;
    this.#picturesOf = key;
    const together = scale === 'together';
    this.#pictures = undefined;
    let strengths: ArrayLike<number> = [];
    if (view === 'filters' && model.kernels) {
      this.#pictures = kernelPictures(model.kernels, together, dark);
      strengths = model.kernels.norm;
    } else if (view === 'maps' && model.maps) {
      const { activation, statistics } = model.maps;
      this.#pictures = mapPictures(activation, statistics, together, dark);
      strengths = statistics.channelHigh;
    }
    // With the camera on, an order by strength would never stand still.
    if (sortedAnew || this.#units.length !== strengths.length) {
      this.#units = orderUnits(strengths, sort === 'strength');
    }
  }

  protected override render(): TemplateResult {
    const model = this.#model;
    if (!model) return html``;
    this.#arrange(model);
    return html`
      <div
        class="viewer"
        @lens-layer-select=${(event: LayerSelectEvent) => model.chooseLayer(event.layer)}
        @lens-unit-select=${(event: UnitSelectEvent) => model.chooseUnit(event.unit)}
        @lens-unit-hover=${(event: UnitHoverEvent) => (this.hovered = event.unit)}
        @lens-image-select=${(event: ImageSelectEvent) => void model.chooseImage(event.choice)}
        @lens-place-select=${(event: PlaceSelectEvent) => model.choosePlace(event.row, event.column)}
      >
        <section class="top" aria-label="Network and image">${this.#top(model)}</section>
        <section class="spine" aria-label="Layers">
          <lens-spine
            style="height:100%"
            .layers=${model.network?.layers ?? []}
            .selected=${model.state.layer}
            .strengths=${model.strengths}
          ></lens-spine>
        </section>
        <section class="main" aria-label="Units of the layer">${this.#main(model)}</section>
        <section class="inspector" aria-label="Inspector">${this.#inspector(model)}</section>
      </div>
    `;
  }

  #top(model: ViewerModel): TemplateResult {
    return html`
      <div class="group">
        <select
          aria-label="Network"
          @change=${(event: Event) => void model.chooseNetwork((event.target as HTMLSelectElement).value)}
        >
          ${model.choices.map(
            ({ id, title }) =>
              html`<option value=${id} .selected=${id === model.state.network}>${title}</option>`,
          )}
        </select>
        <button @click=${() => this.renderRoot.querySelector<HTMLInputElement>('#model')!.click()}>
          Your ONNX…
        </button>
        <input
          id="model"
          type="file"
          multiple
          hidden
          aria-label="ONNX file"
          @change=${this.#onModelFile}
        />
      </div>
      <lens-image-strip
        .samples=${model.samples}
        .selected=${model.state.image}
        .camera=${model.camera !== undefined}
      ></lens-image-strip>
      <div class="group end">
        ${
          model.camera
            ? html`<button
                aria-pressed=${model.frozen}
                title="Key: F"
                @click=${() => model.toggleFreeze()}
              >
                ${model.frozen ? 'Frozen' : 'Freeze'}
              </button>`
            : nothing
        }
        ${this.#badge(model)}
        <button @click=${() => void this.#copyLink()}>Copy link</button>
      </div>
    `;
  }

  #badge(model: ViewerModel): TemplateResult {
    const report = model.answer?.backend ?? this.engine.backend;
    const name =
      report === undefined
        ? 'not started'
        : report.backend === 'wasm'
          ? `WASM ×${report.threads}`
          : report.backend.toUpperCase();
    const speed =
      model.camera && model.framesPerSecond > 0
        ? `${model.framesPerSecond.toFixed(0)} frames/s`
        : model.answer
          ? `${formatNumber(model.answer.timing.run)} ms`
          : '';
    return html`<label
      class="badge group"
      title=${report?.reason ?? 'Starts with the first picture.'}
    >
      <span class="quiet">${name}${speed === '' ? '' : `, ${speed}`}</span>
      <select
        aria-label="Backend"
        @change=${(event: Event) =>
          void model.chooseBackend((event.target as HTMLSelectElement).value as BackendChoice)}
      >
        <option value="auto">Best backend</option>
        <option value="webgpu">WebGPU</option>
        <option value="wasm">WASM</option>
      </select>
    </label>`;
  }

  #main(model: ViewerModel): TemplateResult {
    const { state } = model;
    const pictures = this.#pictures;
    const unit = this.hovered ?? state.channel;
    return html`
      <div class="bar">
        <div role="tablist" aria-label="Lens" @keydown=${this.#onTabKey}>
          ${this.#tab(model, 'filters', 'Filters')}${this.#tab(model, 'maps', 'Feature maps')}
        </div>
        <select
          aria-label="Order"
          @change=${(event: Event) =>
            model.show({ sort: (event.target as HTMLSelectElement).value as ViewerState['sort'] })}
        >
          <option value="order" .selected=${state.sort === 'order'}>In order</option>
          <option value="strength" .selected=${state.sort === 'strength'}>Strongest first</option>
        </select>
        <select
          aria-label="Scale of the colours"
          @change=${(event: Event) =>
            model.show({
              scale: (event.target as HTMLSelectElement).value as ViewerState['scale'],
            })}
        >
          <option value="each" .selected=${state.scale === 'each'}>Each scaled alone</option>
          <option value="together" .selected=${state.scale === 'together'}>
            One scale for all
          </option>
        </select>
        ${this.#legend(pictures, unit)}
        <button class="end" ?disabled=${!pictures} @click=${() => void this.#savePng(model)}>
          PNG
        </button>
      </div>
      <p class="sentence">
        ${SENTENCES[state.view]}
        <a href=${resolveFile('docs', PAGES[state.view])}>How to read it</a>
      </p>
      ${this.#banners(model)}
      <div role="tabpanel" id="panel" aria-labelledby="tab-${state.view}">
        <lens-tile-grid
          .units=${this.#units}
          .paint=${pictures?.paint}
          .tileWidth=${pictures?.tileWidth ?? 1}
          .tileHeight=${pictures?.tileHeight ?? 1}
          .gap=${pictures?.gap ?? 3}
          .pinned=${state.channel}
          .revision=${model.revision}
          .describe=${(index: number) => this.#words(model, index)}
          .label=${`${state.view === 'filters' ? 'Filters' : 'Feature maps'} of ${this.#shownLayer(model)}`}
        ></lens-tile-grid>
      </div>
      <div class="foot">
        <p class="readout">${this.#readout(model, unit)}</p>
        ${this.#progress(model)}
      </div>
      ${this.dropping ? html`<div class="drop">Drop a picture or an ONNX network</div>` : nothing}
    `;
  }

  #tab(model: ViewerModel, view: View, title: string): TemplateResult {
    const selected = model.state.view === view;
    return html`<button
      role="tab"
      id="tab-${view}"
      aria-selected=${selected}
      aria-controls="panel"
      tabindex=${selected ? 0 : -1}
      @click=${() => model.show({ view })}
    >
      ${title}
    </button>`;
  }

  #legend(
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

  #banners(model: ViewerModel): TemplateResult {
    const { problem, notice } = model;
    return html`
      ${
        problem
          ? html`<div class="banner" role="alert" data-code=${problem.code}>
              <p>${problem.message}</p>
              ${problem.retry ? html`<button @click=${problem.retry}>Try again</button>` : nothing}
              <button @click=${() => model.dismiss()}>Dismiss</button>
            </div>`
          : nothing
      }
      ${
        notice
          ? html`<div class="banner notice">
              <p>${notice}</p>
              <button @click=${() => model.dismiss()}>Dismiss</button>
            </div>`
          : nothing
      }
    `;
  }

  #progress(model: ViewerModel): TemplateResult | typeof nothing {
    const [progress] = [...model.busy.values()].slice(-1);
    if (!progress) return nothing;
    const verbs = {
      download: 'Fetching',
      read: 'Reading',
      start: 'Starting',
      compile: 'Preparing',
      run: 'Running',
    };
    const { loaded, total } = progress;
    const size =
      loaded !== undefined && total !== undefined
        ? ` ${formatBytes(loaded)} of ${formatBytes(total)}`
        : '';
    return html`<div class="progress late">
      <span>${verbs[progress.stage]} ${progress.what}${size}</span>
      <progress
        aria-label=${progress.what}
        max=${total ?? nothing}
        value=${total === undefined ? nothing : (loaded ?? nothing)}
      ></progress>
      <button @click=${() => model.cancel()}>Cancel</button>
    </div>`;
  }

  #inspector(model: ViewerModel): TemplateResult {
    const { state, network } = model;
    const [, height = 1, width = 1] = network?.input.shape ?? [];
    const unit = state.channel;
    const pinned =
      unit === undefined || this.#shownLayer(model) === ''
        ? ''
        : `${state.view === 'filters' ? 'Filter' : 'Channel'} ${unit}, ${this.#shownLayer(model)}`;
    return html`
      <div>
        <h2>${pinned === '' ? 'Image' : pinned}</h2>
        ${
          state.view === 'filters' && unit !== undefined
            ? html`<lens-kernel-inspector
                .kernels=${model.kernels}
                .pictures=${this.#pictures}
                .unit=${unit}
              ></lens-kernel-inspector>`
            : html`<lens-map-inspector
                .image=${model.preview}
                .imageTitle=${model.imageTitle}
                .map=${model.maps}
                .layer=${model.layer}
                .pictures=${this.#pictures}
                .unit=${state.view === 'filters' ? undefined : unit}
                .hint=${HINTS[state.view]}
                .row=${state.row}
                .column=${state.column}
                .inputSize=${[height, width]}
                .revision=${model.revision}
              ></lens-map-inspector>`
        }
      </div>
      ${
        model.scores.length > 0
          ? html`<div>
              <h2>What the network says</h2>
              <lens-top-classes .scores=${model.scores} .names=${model.names}></lens-top-classes>
            </div>`
          : nothing
      }
      ${network ? this.#about(model) : nothing}
    `;
  }

  #about(model: ViewerModel): TemplateResult {
    const network = model.network!;
    const layer = model.layer;
    const entry = model.entries.find(({ id }) => id === network.id);
    return html`
      ${
        layer
          ? html`<div>
              <h2>Layer ${layer.id}</h2>
              <div class="quiet">
                ${layer.op},
                ${formatShape(layer.shape)}${layer.parameters > 0 ? `, ${formatCount(layer.parameters)} parameters` : ''}${layer.macs > 0 ? `, ${formatCount(layer.macs)} multiply-adds` : ''}
              </div>
            </div>`
          : nothing
      }
      <details>
        <summary>${network.title}</summary>
        ${entry ? html`<p>${entry.about}</p>` : nothing}
        <dl>
          <dt>input</dt>
          <dd>${formatShape(network.input.shape)}</dd>
          <dt>classes</dt>
          <dd>${network.logits?.classes ?? 'none'}</dd>
          <dt>parameters</dt>
          <dd>${formatCount(network.parameters)}</dd>
          <dt>multiply-adds</dt>
          <dd>${formatCount(network.macs)}</dd>
          <dt>file</dt>
          <dd>${formatBytes(network.bytes)}</dd>
          ${
            entry
              ? html`<dt>right answers</dt>
                  <dd>
                    ${(entry.accuracy.top1 * 100).toFixed(1)} % (in the first five:
                    ${(entry.accuracy.top5 * 100).toFixed(1)} %)
                  </dd>
                  <dt>trained on</dt>
                  <dd>${entry.trainingData}</dd>
                  <dt>licence</dt>
                  <dd>${entry.licence}</dd>`
              : nothing
          }
        </dl>
        <label class="group"
          >Pixels are fed as
          <select @change=${(event: Event) => void this.#onScheme(event)}>
            ${preprocessingChoices(network.input.shape[0]).map(
              ({ title, scheme }) =>
                html`<option .selected=${sameScheme(scheme, network.preprocessing)}>
                  ${title}
                </option>`,
            )}
          </select>
        </label>
        ${
          network.guesses.length > 0
            ? html`<p class="quiet">Assumed: ${network.guesses.join(' ')}</p>`
            : nothing
        }
      </details>
    `;
  }

  #shownLayer(model: ViewerModel): string {
    return model.state.view === 'filters'
      ? (model.kernels?.layer ?? '')
      : (model.maps?.layer ?? '');
  }

  #words(model: ViewerModel, unit: number): string {
    if (model.state.view === 'filters') {
      const norm = model.kernels?.norm[unit];
      return `Filter ${unit}${norm === undefined ? '' : `, norm ${formatNumber(norm)}`}`;
    }
    // While the camera runs, numbers in labels would only make noise.
    const statistics = model.camera ? undefined : model.maps?.statistics;
    const [, , width = 1] = model.maps?.activation.shape ?? [];
    if (!statistics || unit >= statistics.peak.length) return `Channel ${unit}`;
    const peak = statistics.peak[unit]!;
    return `Channel ${unit}, largest ${formatNumber(statistics.channelHigh[unit]!)} at row ${Math.floor(peak / width)}, column ${peak % width}`;
  }

  #readout(model: ViewerModel, unit: number | undefined): string {
    const count = this.#units.length;
    const { kernels, maps, state } = model;
    if (state.view === 'filters' && kernels) {
      if (unit !== undefined && unit < kernels.held) {
        return `Filter ${unit}: ${formatNumber(kernels.low[unit]!)} to ${formatNumber(kernels.high[unit]!)}, norm ${formatNumber(kernels.norm[unit]!)}`;
      }
      const held =
        kernels.held < kernels.units ? `the first ${count} of ${kernels.units}` : `${count}`;
      return `${kernels.layer}: ${held} filters, ${kernels.width} × ${kernels.height}, ${kernels.inputs} inputs each`;
    }
    if (state.view === 'maps' && maps) {
      if (unit !== undefined && unit < count) {
        return `${this.#words(model, unit)}; mean ${formatNumber(maps.statistics.channelMean[unit]!)}`;
      }
      return `${maps.layer}: ${formatShape(maps.activation.shape)}, ${formatNumber(maps.statistics.low)} to ${formatNumber(maps.statistics.high)}`;
    }
    return '';
  }

  protected override updated(_changed: PropertyValues<this>): void {
    const model = this.#model;
    if (!model) return;
    if (!this.#loaded && this.#pictures) {
      this.#loaded = true;
      performance.mark('convlens-first-pictures');
      this.dispatchEvent(new Event('load'));
      // The first pictures do not wait for what inspects them.
      void import('./inspectors.js');
      const { channel } = model.state;
      if (channel !== undefined) {
        void this.#grid?.updateComplete.then(() => this.#grid?.reveal(channel));
      }
    }
    if (this.link) {
      const hash = writeLink(model.state, linkTable);
      if (hash !== location.hash) history.replaceState(history.state, '', hash);
    }
  }

  get #grid(): LensTileGrid | null {
    return this.renderRoot.querySelector('lens-tile-grid');
  }

  readonly #onHash = (): void => {
    const model = this.#model;
    if (!this.link || !model || writeLink(model.state, linkTable) === location.hash) return;
    const { network, image } = model.state;
    Object.assign(model.state, readLink(location.hash, linkTable));
    if (model.state.network !== network) void model.chooseNetwork(model.state.network);
    const wished = model.state.image;
    if (wished !== '' && wished !== image) void model.chooseImage({ kind: 'sample', id: wished });
    model.refresh();
  };

  readonly #onKey = (event: KeyboardEvent): void => {
    const model = this.#model;
    const target = event.composedPath()[0];
    const typing = target instanceof HTMLInputElement || target instanceof HTMLSelectElement;
    if (!model || event.ctrlKey || event.metaKey || event.altKey) return;
    if (typing && event.key !== 'Escape') return;
    const spine = this.renderRoot.querySelector<LensSpine>('lens-spine');
    if (event.key === '[') spine?.move(-1);
    else if (event.key === ']') spine?.move(1);
    else if (event.key === '1') model.show({ view: 'filters' });
    else if (event.key === '2') model.show({ view: 'maps' });
    else if (event.key === 'f') model.toggleFreeze();
    else if (event.key === 'Escape') model.chooseUnit(undefined);
    else return;
    event.preventDefault();
  };

  readonly #onTabKey = (event: KeyboardEvent): void => {
    if (event.key !== 'ArrowLeft' && event.key !== 'ArrowRight') return;
    const view = this.#model?.state.view === 'filters' ? 'maps' : 'filters';
    this.#model?.show({ view });
    void this.updateComplete.then(() =>
      this.renderRoot.querySelector<HTMLElement>(`#tab-${view}`)?.focus(),
    );
  };

  readonly #onDrag = (event: DragEvent): void => {
    if (!event.dataTransfer?.types.includes('Files')) return;
    event.preventDefault();
    this.dropping = true;
  };

  readonly #onDrop = (event: DragEvent): void => {
    event.preventDefault();
    this.dropping = false;
    this.#takeFiles([...(event.dataTransfer?.files ?? [])]);
  };

  readonly #onPaste = (event: ClipboardEvent): void => {
    const target = event.composedPath()[0];
    if (target instanceof HTMLInputElement) return;
    this.#takeFiles([...(event.clipboardData?.files ?? [])]);
  };

  readonly #onModelFile = (event: Event): void => {
    const input = event.target as HTMLInputElement;
    void this.#model?.chooseNetworkFiles([...(input.files ?? [])]);
    input.value = '';
  };

  /** A dropped or pasted file is an image when it says so, else it is tried as a network. */
  #takeFiles(files: readonly File[]): void {
    const [first] = files;
    if (!first) return;
    const isImage =
      first.type.startsWith('image/') || /\.(png|jpe?g|webp|gif|avif|bmp)$/i.test(first.name);
    if (isImage) void this.#model?.chooseImage({ kind: 'file', file: first, name: first.name });
    else void this.#model?.chooseNetworkFiles(files);
  }

  async #onScheme(event: Event): Promise<void> {
    const model = this.#model;
    const choice = (event.target as HTMLSelectElement).selectedIndex;
    const scheme = preprocessingChoices(model?.network?.input.shape[0] ?? 3)[choice]?.scheme;
    if (scheme) await model?.choosePreprocessing(scheme);
  }

  async #copyLink(): Promise<void> {
    const model = this.#model;
    if (!model) return;
    const url = new URL(location.href);
    url.hash = writeLink(model.state, linkTable);
    try {
      await navigator.clipboard.writeText(url.href);
      model.notice =
        'The link is in the clipboard. It opens this very view; your own pictures and files stay with you.';
    } catch {
      model.notice = `The browser did not allow copying. The link: ${url.href}`;
    }
    this.requestUpdate();
  }

  async #savePng(model: ViewerModel): Promise<void> {
    const pictures = this.#pictures;
    if (!pictures) return;
    try {
      const { drawSheet, saveFile } = await import('@convlens/elements/save.js');
      const { paint, tileWidth, tileHeight } = pictures;
      const background = this.#dark ? '#0a0a0a' : '#e9e9e9';
      const blob = await drawSheet({
        units: this.#units,
        tileWidth,
        tileHeight,
        paint,
        background,
      });
      const layer = this.#shownLayer(model).replaceAll(/[^\w.-]+/g, '-');
      saveFile(
        blob,
        `${model.network?.id.replace(/^file:/, '') ?? 'network'}-${layer}-${model.state.view}.png`,
      );
    } catch (error) {
      model.fail(error);
    }
  }
}

define('filter-viewer', FilterViewer);

declare global {
  interface HTMLElementTagNameMap {
    'filter-viewer': FilterViewer;
  }
}
