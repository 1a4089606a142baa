import type { Kernels } from '@convlens/core';
import {
  announce,
  fetchImage,
  Workbench,
  type AppModel,
  type ImageSelectEvent,
  type OpenImage,
  type WorkbenchPlace,
} from '@convlens/elements';
import type {
  Activations,
  BackendChoice,
  BackendReport,
  ImageId,
  JobRequest,
  LayerSummary,
  NetworkSummary,
} from '@convlens/engine';
import type { Backward } from './backward.js';
import { weightsFor } from './weights-for.js';
import type { Live } from './live.js';
import type { PatchSearch } from './patches.js';
import { previewOf } from './preview.js';
import { Readings } from './readings.js';
import type { View, ViewerState } from './state.js';

/** What each lens computes beside the maps; it ends when the lens is left, and its failure with it. */
const OF_LENS: Readonly<Record<View, readonly string[]>> = {
  filters: ['kernels'],
  maps: [],
  projections: ['projections', 'patches', 'patch-pictures'],
  attribution: ['attribution'],
};

/**
 * The viewer without its looks: what is shown of what is open. Everything that fails leaves what was there before.
 */
export class ViewerModel extends Workbench<ViewerState> implements AppModel<ViewerState> {
  /** The state is what is shown. */
  readonly isSettled = true;
  preview: HTMLCanvasElement | undefined;
  kernels: Kernels | undefined;
  /** Counts new pictures, so that grids know when to paint. */
  revision = 0;
  /** What the network answered to the image. */
  readonly readings: Readings;
  /** The camera; there once it was asked for. */
  live: Live | undefined;
  /** Projections and attributions; there once such a lens was open. */
  backward: Backward | undefined;
  /** The strongest patches; there once their lens was open. */
  patches: PatchSearch | undefined;

  /** @param place where the element is */
  constructor(place: WorkbenchPlace<ViewerState>) {
    super(place);
    this.readings = new Readings(this.session);
  }

  /** The backend that works, or did last. */
  override get backend(): BackendReport | undefined {
    return this.readings.answer?.backend ?? super.backend;
  }

  /** Name of the current image for people. */
  override get imageTitle(): string {
    return this.live?.camera ? 'camera' : super.imageTitle;
  }

  /** The chosen layer. */
  get layer(): LayerSummary | undefined {
    return this.network && this.#layerOf(this.network);
  }

  #layerOf({ layers }: NetworkSummary): LayerSummary | undefined {
    return layers.find(({ id }) => id === this.state.layer);
  }

  /** The layer whose weights belong to the chosen one. */
  get kernelLayer(): LayerSummary | undefined {
    return this.network && weightsFor(this.network, this.layer);
  }

  /** Width / height of the network's input. */
  get aspect(): number | undefined {
    const [, height = 1, width = 1] = this.network?.input.shape ?? [];
    return this.network && width / height;
  }

  /** See `AppModel`. */
  async open(given: ReadonlySet<string>): Promise<void> {
    if (given.has('layer')) this.wishLayer(this.state.layer);
    // Whatever keeps the network from being opened, the picture is there when it is open.
    await Promise.all([
      this.chooseNetwork(this.state.network),
      this.lists(() => this.#firstImage()),
    ]);
  }

  /** See `AppModel`. */
  async apply(change: Partial<ViewerState>): Promise<void> {
    const { network, image, ...rest } = change;
    Object.assign(this.state, rest);
    if (rest.layer !== undefined) this.wishLayer(rest.layer);
    if (network !== undefined) await this.chooseNetwork(network);
    else if (this.network) this.#checkLayer(this.network);
    if (image !== undefined && image !== '') await this.chooseImage({ kind: 'sample', id: image });
    this.revision++;
    this.refresh();
  }

  async #firstImage(): Promise<void> {
    const id = this.state.image || this.samples[0]?.id;
    if (id !== undefined && !this.live?.camera) await this.chooseImage({ kind: 'sample', id });
  }

  /** Opens an embedded network, or a file opened before, by its id. */
  async chooseNetwork(id: string): Promise<void> {
    await this.openNetwork(id, () => this.refresh());
  }

  /** Opens an ONNX file of the visitor's; files beside it hold its external weights. */
  async chooseNetworkFiles(files: readonly File[]): Promise<void> {
    await this.openFiles(files, () => this.refresh());
  }

  /** Opens the network again with another preprocessing. */
  async choosePreprocessing(preprocessing: NetworkSummary['preprocessing']): Promise<void> {
    await this.openAgain({ preprocessing }, () => this.refresh());
  }

  /** Makes the state fit a network that takes the place of the one before. */
  protected override async settle(network: NetworkSummary, id: string): Promise<void> {
    const [, height, width] = network.input.shape;
    const { image } = this;
    if (image && this.aspect !== width / height) {
      this.preview = await previewOf(await fileOf(image), width / height);
    }
    this.state.network = id;
    this.kernels = undefined;
    this.readings.clear();
    this.backward?.clear();
    this.#checkLayer(network);
  }

  #checkLayer(network: NetworkSummary): void {
    if (this.keepsLayer(network, this.state.layer)) return;
    // Where no layer was named, the unit that was is one of the first.
    const named = this.state.layer !== '';
    this.state.layer = network.firstConv;
    if (named || (this.state.channel ?? 0) >= (this.#layerOf(network)?.shape[0] ?? 0))
      this.#letGo();
  }

  /** Makes a picture the current one. */
  async chooseImage(choice: ImageSelectEvent['choice']): Promise<void> {
    if (choice.kind === 'camera') return this.#toggleCamera();
    await this.openImage(choice, () => this.refresh());
  }

  /** Draws what the network sees of an image. */
  protected override async settleImage(image: OpenImage): Promise<void> {
    this.preview = await previewOf(await fileOf(image), this.aspect ?? 1);
    this.live?.stop();
    this.state.image = image.sample;
  }

  /** Chooses a layer; the pinned unit stays where the layer has one. */
  chooseLayer(id: string): void {
    const before = this.layer;
    this.state.layer = id;
    this.layerChosen();
    const layer = this.layer;
    if (before?.shape[0] !== layer?.shape[0]) this.#letGo();
    this.state.row = this.state.column = undefined;
    if (layer) announce(`Layer ${layer.id}, ${layer.shape.join(' by ')}.`);
    this.refresh();
  }

  /** Pins a unit, or lets it go. */
  chooseUnit(unit: number | undefined): void {
    this.state.channel = unit;
    this.state.row = this.state.column = undefined;
    this.changed();
    if (['projections', 'attribution'].includes(this.state.view)) this.refresh();
  }

  /** Pins a place of the pinned map. */
  choosePlace(row: number, column: number): void {
    this.state.row = row;
    this.state.column = column;
    this.changed();
  }

  #letGo(): void {
    this.state.channel = this.state.row = this.state.column = undefined;
  }

  /** Changes how things are shown. */
  show(change: Partial<Pick<ViewerState, 'view' | 'sort' | 'scale' | 'rule' | 'switches'>>): void {
    // What was under way for a lens that is left would only keep the next one waiting.
    if (change.view !== undefined && change.view !== this.state.view) {
      if (this.state.view === 'projections') this.patches?.pause();
      for (const task of OF_LENS[this.state.view]) this.tasks.leave(task);
    }
    Object.assign(this.state, change);
    this.revision++;
    this.refresh();
  }

  /** Chooses the backend. */
  override chooseBackend(choice: BackendChoice): Promise<void> {
    return super.chooseBackend(choice, () => this.refresh());
  }

  /** Computes what the view needs and does not have yet. */
  refresh(): void {
    this.changed();
    const { network } = this;
    if (!network) return;
    const kernelLayer = this.kernelLayer?.id;
    const isNew = this.kernels?.layer !== kernelLayer;
    if (this.state.view === 'filters' && kernelLayer !== undefined && isNew) {
      void this.tasks.run('kernels', async (options) => {
        const request = { network: network.handle, layer: kernelLayer };
        this.kernels = await this.session.run('kernels', request, options);
        this.revision++;
      });
    }
    const { image } = this;
    if (image && this.layer && !this.live?.camera) void this.#read(network, image.handle.id);
  }

  /** The maps of the layer, then what is carried back where such a lens is open. */
  async #read(network: NetworkSummary, image: ImageId): Promise<void> {
    const { tasks } = this;
    await tasks.run(
      'maps',
      async (options) => {
        this.#take(await this.readings.ask(this.#request(network, image), options));
        await this.readings.weigh();
      },
      () => this.refresh(),
    );
    if (this.network !== network || this.image?.handle.id !== image) return;
    if (this.state.view === 'attribution') {
      void this.#startBackward().then(
        (backward) => backward.attribute(network, image),
        (error: unknown) => this.fail(error),
      );
    }
    if (this.state.view !== 'projections') return;
    try {
      const backward = await this.#startBackward();
      await Promise.all([backward.project(network, image), this.#startPatches()]);
      this.refreshPatches();
    } catch (error) {
      this.fail(error);
    }
  }

  /** Looks for the strongest patches where they are shown and the camera leaves time for them. */
  refreshPatches(): void {
    if (this.state.view === 'projections' && !this.live?.camera) this.patches?.refresh();
  }

  /** Looks for patches in the visitor's images from now on; in the samples when none are given. */
  async chooseImageSet(
    files: readonly File[] = [],
    folders: readonly FileSystemDirectoryEntry[] = [],
  ): Promise<void> {
    const chosen = await (await this.#startPatches()).choose(files, folders);
    if (chosen && this.state.view !== 'projections') this.show({ view: 'projections' });
  }

  async #startBackward(): Promise<Backward> {
    const { Backward } = await import('./inspectors.js');
    return (this.backward ??= new Backward(this));
  }

  async #startPatches(): Promise<PatchSearch> {
    const { PatchSearch } = await import('./patches.js');
    return (this.patches ??= new PatchSearch(this, this.changed));
  }

  /** Changes what is attributed, how, or how much of the network is destroyed. */
  chooseAttribution(
    choice: Partial<Pick<ViewerState, 'of' | 'target' | 'method' | 'randomised'>>,
  ): void {
    Object.assign(this.state, choice);
    this.refresh();
  }

  #request(network: NetworkSummary, image: ImageId | ImageBitmap): JobRequest<'activations'> {
    const layers = this.layer ? [this.layer.id] : [];
    const switches = this.state.switches === 'on' && this.state.view === 'maps';
    return { network: network.handle, image, layers, scores: true, strengths: true, switches };
  }

  #take(answer: Activations): void {
    this.readings.take(answer);
    this.revision++;
  }

  async #toggleCamera(): Promise<void> {
    if (this.live?.camera) {
      this.live.stop();
      this.refresh();
      return;
    }
    await this.tasks.run('camera', async () => {
      const { Live } = await import('./live.js');
      this.live ??= new Live({
        model: this,
        ask: (network, frame) => this.readings.ask(this.#request(network, frame)),
        take: (answer, preview) => {
          this.preview = preview;
          this.closeImage();
          this.#take(answer);
        },
        backward: () => this.#startBackward(),
        changed: this.changed,
      });
      await this.live.start();
      this.patches?.pause();
      this.state.image = '';
    });
  }

  /** Cancels everything under way. */
  override cancel(): void {
    this.patches?.stop();
    super.cancel();
  }

  /** Turns the camera off, ends what is under way and gives everything back. */
  override [Symbol.dispose](): void {
    this.patches?.stop();
    this.live?.stop();
    super[Symbol.dispose]();
  }
}

/** The file of an image, to draw it. */
async function fileOf({ source: { blob, url = '' } }: OpenImage): Promise<Blob> {
  return blob ?? fetchImage(url, new AbortController().signal);
}
