import { html, LitElement, nothing, type CSSResultGroup, type TemplateResult } from 'lit';
import {
  AppController,
  controls,
  define,
  isPicture,
  isTyping,
  sharedEngine,
  shell,
  tokens,
  writeLink,
  type ImageSelectEvent,
  type LayerSelectEvent,
  type LensSpine,
  type LensTileGrid,
  type UnitHoverEvent,
  type UnitSelectEvent,
} from '@convlens/elements';
import type { EngineClient } from '@convlens/engine';
import type { AttributionChoiceEvent } from './attribution-panel.js';
import { layout } from './filter-viewer.styles.js';
import { lensPanel } from './lens-panel.js';
import { shownLayer, VIEWS } from './lenses.js';
import type { PlaceSelectEvent } from './map-inspector.js';
import type * as Inspectors from './inspectors.js';
import { kernelPictures, mapPictures, orderUnits, type Pictures } from './pictures.js';
import { linkSchema, type View, type ViewerState } from './state.js';
import { topBar } from './top-bar.js';
import { ViewerModel } from './viewer-model.js';

/**
 * Filters, feature maps, projections and attributions of a convolutional network, for the visitor's own picture or camera.
 *
 * @summary Look inside a convolutional network.
 * @fires load - a network is open and its first pictures are shown
 * @fires error - something failed; `code` and `message` say what, the view stays as it was
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
  };

  static override styles: CSSResultGroup = [tokens, controls, shell, layout];

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

  #pictures: Pictures | undefined;
  #picturesOf: unknown[] = [];
  #units: readonly number[] = [];
  #loaded = false;
  /** The column on the right, and what draws more than the grid; there once the first pictures are. */
  #inspectors: typeof Inspectors | undefined;
  #isInspecting = false;
  readonly #app: AppController<ViewerState, ViewerModel>;

  constructor() {
    super();
    this.link = false;
    this.#app = new AppController(this, {
      schema: linkSchema,
      attributes: ['network', 'image', 'layer', 'channel', 'view'],
      make: (place) => new ViewerModel(place),
      onKey: (event, model) => this.#onKey(event, model),
      takeFiles,
    });
  }

  /** The engine behind this element; all elements of a page share one. */
  get engine(): EngineClient {
    return sharedEngine();
  }

  get #model(): ViewerModel | undefined {
    return this.#app.model;
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
    const source = view === 'filters' ? model.kernels : model.readings.maps;
    const key = [source, scale, sort, dark];
    if (key.every((part, i) => part === this.#picturesOf[i])) return;
    const sortedAnew = !model.live?.camera || this.#picturesOf[2] !== sort;
    this.#picturesOf = key;
    const together = scale === 'together';
    this.#pictures = undefined;
    let strengths: ArrayLike<number> = [];
    if (view === 'filters' && model.kernels) {
      this.#pictures = kernelPictures(model.kernels, together, dark);
      strengths = model.kernels.norm;
    } else if (view !== 'filters' && model.readings.maps) {
      const { activation, statistics, pooling } = model.readings.maps;
      this.#pictures =
        pooling && model.readings.switchPictures
          ? model.readings.switchPictures({ ...model.readings.maps, pooling }, together, dark)
          : mapPictures(activation, statistics, together, dark);
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
        @lens-attribution-choice=${(event: AttributionChoiceEvent) => model.chooseAttribution(event.choice)}
        @lens-place-select=${(event: PlaceSelectEvent) => model.choosePlace(event.row, event.column)}
      >
        <section class="top" aria-label="Network and image">
          ${topBar(model, () => void this.#copyLink())}
        </section>
        <section class="spine" aria-label="Layers">
          <lens-spine
            .layers=${model.network?.layers ?? []}
            .selected=${model.state.layer}
            .strengths=${model.readings.strengths}
          ></lens-spine>
        </section>
        <section class="main" aria-label="Units of the layer">
          ${lensPanel(model, {
            pictures: this.#pictures,
            units: this.#units,
            hovered: this.hovered,
            dropping: this.#app.isDropping,
            savePng: () => void this.#savePng(model),
            inspectors: this.#inspectors,
          })}
        </section>
        <section class="inspector" aria-label="Inspector">
          ${this.#inspectors?.inspector(model, this.#pictures) ?? nothing}
        </section>
      </div>
    `;
  }

  protected override updated(): void {
    const model = this.#model;
    if (!model) return;
    if (!this.#isInspecting && (this.#pictures ?? model.problem)) {
      this.#isInspecting = true;
      void this.#loadInspectors(model);
    }
    if (!this.#loaded && this.#pictures) {
      this.#loaded = true;
      performance.mark('convlens-first-pictures');
      this.dispatchEvent(new Event('load'));
      const { channel } = model.state;
      if (channel !== undefined) {
        void this.#grid?.updateComplete.then(() => this.#grid?.reveal(channel));
      }
    }
  }

  /** The first pictures do not wait for what inspects them. */
  async #loadInspectors(model: ViewerModel): Promise<void> {
    try {
      this.#inspectors = await import('./inspectors.js');
      this.requestUpdate();
    } catch (error) {
      model.fail(error);
    }
  }

  get #grid(): LensTileGrid | null {
    return this.renderRoot.querySelector('lens-tile-grid');
  }

  #onKey(event: KeyboardEvent, model: ViewerModel): boolean {
    if (isTyping(event) && event.key !== 'Escape') return false;
    const view = VIEWS[Number(event.key) - 1];
    const spine = this.renderRoot.querySelector<LensSpine>('lens-spine');
    if (event.key === '[') spine?.move(-1);
    else if (event.key === ']') spine?.move(1);
    else if (view) model.show({ view });
    else if (event.key === 'f') model.live?.toggleFreeze();
    else if (event.key === 'Escape') model.chooseUnit(undefined);
    else return false;
    return true;
  }

  async #copyLink(): Promise<void> {
    const model = this.#model;
    if (!model) return;
    const { copyLink } = await import('@convlens/elements/copy-link.js');
    model.notice = await copyLink(writeLink(model.state, linkSchema), 'opens this very view');
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
      const layer = shownLayer(model).replaceAll(/[^\w.-]+/g, '-');
      saveFile(
        blob,
        `${model.network?.id.replace(/^file:/, '') ?? 'network'}-${layer}-${model.state.view}.png`,
      );
    } catch (error) {
      model.fail(error);
    }
  }
}

/**
 * A picture is opened; several, a folder or an archive are searched for patches; anything else is tried as a network.
 */
function takeFiles(
  model: ViewerModel,
  files: readonly File[],
  folders: readonly FileSystemDirectoryEntry[],
): void {
  const [first] = files;
  const pictures = files.filter(({ name, type }) => isPicture(name, type));
  const isSet = pictures.length > 1 || files.some(({ name }) => /\.zip$/i.test(name));
  const file = pictures[0];
  if (folders.length > 0 || isSet) void model.chooseImageSet(files, folders);
  else if (first && file === first) {
    void model.chooseImage({ kind: 'file', file, name: file.name });
  } else if (first) void model.chooseNetworkFiles(files);
}

define('filter-viewer', FilterViewer);

declare global {
  interface HTMLElementTagNameMap {
    'filter-viewer': FilterViewer;
  }
}
