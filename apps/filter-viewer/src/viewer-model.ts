import type { Kernels } from '@convlens/core';
import {
  announce,
  asError,
  classNames,
  entrySource,
  fetchImage,
  FILE_PREFIX,
  fileSource,
  NetworkList,
  resolveFile,
  samples,
  Tasks,
  type ImageSelectEvent,
  type NetworkEntry,
  type Problem,
  type Sample,
  type TaskOptions,
} from '@convlens/elements';
import type {
  Activations,
  BackendChoice,
  EngineClient,
  LayerSummary,
  NetworkSource,
  NetworkSummary,
  Progress,
} from '@convlens/engine';
import { Backward } from './backward.js';
import { nearestMaxPooling, weightsFor } from './layer-ways.js';
import { Live, type Frame } from './live.js';
import type { PatchSearch } from './patches.js';
import { drawWindow, previewOf } from './preview.js';
import { Readings } from './readings.js';
import type { ViewerState } from './state.js';

const IMAGE = 'current';
/**
 * The viewer without its looks: what is open, what was computed, what is under way. Everything that fails leaves
 * what was there before.
 */
export class ViewerModel {
  readonly #engine: EngineClient;
  readonly #changed: () => void;
  readonly state: ViewerState;

  readonly networks = new NetworkList();
  samples: readonly Sample[] = [];
  network: NetworkSummary | undefined;
  names: readonly string[] | undefined;
  /** Name of the current image for people. */
  imageTitle = '';
  preview: HTMLCanvasElement | undefined;
  kernels: Kernels | undefined;
  /** Something worth knowing that is no failure: the backend changed after a crash. */
  notice = '';
  /** Counts new pictures, so that grids know when to paint. */
  revision = 0;

  #source: NetworkSource | undefined;
  #hasImage = false;
  #spare = document.createElement('canvas');
  readonly #tasks: Tasks;
  /** What the network answered to the image. */
  readonly readings: Readings;
  /** The camera. */
  readonly live: Live;
  /** Projections and attributions. */
  readonly backward: Backward;
  /** The strongest patches; there once their lens was open. */
  patches: PatchSearch | undefined;

  /**
   * @param engine the worker's client
   * @param state what is chosen; the model changes it
   * @param changed called after every change
   */
  constructor(engine: EngineClient, state: ViewerState, changed: () => void) {
    this.#engine = engine;
    this.state = state;
    this.#changed = changed;
    const following = [
      'maps',
      'kernels',
      'projections',
      'attribution',
      'patches',
      'patch-pictures',
    ];
    this.#tasks = new Tasks(following, changed, () => this.refresh());
    this.readings = new Readings(engine);
    this.backward = new Backward(engine, this.#tasks, this);
    this.live = new Live({
      aspect: () => this.aspect,
      show: (frame, current) => this.#showFrame(frame, current),
      fail: (error) => this.#tasks.fail(asError(error), 'camera'),
      changed,
    });
    engine.addEventListener('recovered', (event) => {
      const { reason } = event as Event & { reason?: string };
      this.notice = `${reason ?? ''} Another one has taken over; nothing is lost.`;
      this.#changed();
      this.refresh();
    });
  }

  /** The last failure. */
  get problem(): Problem | undefined {
    return this.#tasks.problem;
  }

  /** What is under way, by task. */
  get busy(): ReadonlyMap<string, Progress> {
    return this.#tasks.busy;
  }

  /** The chosen layer. */
  get layer(): LayerSummary | undefined {
    return this.network?.layers.find(({ id }) => id === this.state.layer);
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

  /** The chosen layer if it is a max-pooling, else the nearest one on the way from it to the image. */
  get maxPooling(): LayerSummary | undefined {
    return this.network && nearestMaxPooling(this.network, this.state.layer);
  }

  /** Opens what the state names; called once. */
  async open(): Promise<void> {
    await this.#task('list', async () => {
      await this.networks.load();
      this.#changed();
    });
    void this.#task('samples', async () => {
      this.samples = await samples();
      this.#changed();
    });
    const [first] = this.networks.entries;
    if (first && !this.networks.has(this.state.network)) this.state.network = first.id;
    await this.chooseNetwork(this.state.network);
    await this.#firstImage();
  }

  async #firstImage(): Promise<void> {
    const list = await samples().catch(() => []);
    const first = list.find(({ id }) => id === this.state.image) ?? list[0];
    if (first && !this.#hasImage) await this.chooseImage({ kind: 'sample', id: first.id });
  }

  /** Opens an embedded network, or a file opened before, by its id. */
  async chooseNetwork(id: string): Promise<void> {
    const entry = this.networks.entry(id);
    const source = entry ? entrySource(entry) : this.networks.own(id);
    if (source) await this.#openNetwork(source, entry);
  }

  /** Opens an ONNX file of the visitor's; files beside it hold its external weights. */
  async chooseNetworkFiles(files: readonly File[]): Promise<void> {
    const source = fileSource(files);
    if (source) await this.#openNetwork(source);
  }

  /** Opens the network again with another preprocessing. */
  async choosePreprocessing(preprocessing: NetworkSummary['preprocessing']): Promise<void> {
    if (!this.#source) return;
    const knowledge = { ...this.#source.knowledge, preprocessing };
    await this.#openNetwork({ ...this.#source, knowledge });
  }

  async #openNetwork(source: NetworkSource, entry?: NetworkEntry): Promise<void> {
    const opened = await this.#task('network', async (options) => {
      const before = this.network?.id;
      // At the same time: the first pictures wait for the network only.
      const [network, names] = await Promise.all([
        this.#engine.openNetwork(source, options),
        entry && classNames(entry),
      ]);
      if (source.id.startsWith(FILE_PREFIX)) this.networks.add(source);
      const classes = names ?? network.classes;
      this.#source = classes ? { ...source, knowledge: { ...source.knowledge, classes } } : source;
      this.network = network;
      this.names = classes;
      this.state.network = source.id;
      this.kernels = undefined;
      this.readings.clear();
      this.backward.clear();
      if (!network.layers.some(({ id }) => id === this.state.layer)) {
        this.state.layer = network.firstConv;
        this.#letGo();
      }
      if (before !== undefined && before !== source.id) void this.#engine.closeNetwork(before);
      announce(`${network.title}, ${network.layers.length} layers.`);
    });
    if (opened) this.refresh();
  }

  /** Makes a picture the current one. */
  async chooseImage(choice: ImageSelectEvent['choice']): Promise<void> {
    if (choice.kind === 'camera') return this.#toggleCamera();
    const opened = await this.#task('image', async (options) => {
      const sample =
        choice.kind === 'sample' ? this.samples.find(({ id }) => id === choice.id) : undefined;
      if (choice.kind === 'sample' && !sample) return;
      const blob =
        choice.kind === 'file'
          ? choice.file
          : await fetchImage(
              choice.kind === 'url' ? choice.url : resolveFile('samples', sample!.file),
              options.signal,
            );
      const title =
        sample?.title ??
        (choice.kind === 'file' ? choice.name : choice.kind === 'url' ? choice.url : '');
      await this.#engine.openImage({ id: IMAGE, blob }, options);
      this.preview = await previewOf(blob, this.aspect ?? 1);
      this.live.stop();
      this.#hasImage = true;
      this.imageTitle = title;
      this.state.image = sample?.id ?? '';
      announce(`Image: ${title}.`);
    });
    if (opened) this.refresh();
  }

  /** Chooses a layer; the pinned unit stays where the layer has one. */
  chooseLayer(id: string): void {
    const before = this.layer;
    this.state.layer = id;
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
    this.#changed();
    if (['projections', 'attribution'].includes(this.state.view)) this.refresh();
  }

  /** Pins a place of the pinned map. */
  choosePlace(row: number, column: number): void {
    this.state.row = row;
    this.state.column = column;
    this.#changed();
  }

  #letGo(): void {
    this.state.channel = this.state.row = this.state.column = undefined;
  }

  /** Changes how things are shown. */
  show(change: Partial<Pick<ViewerState, 'view' | 'sort' | 'scale' | 'rule' | 'switches'>>): void {
    // What was under way for a lens that is left would only keep the next one waiting.
    if (change.view !== undefined) this.#tasks.cancelOne(this.state.view);
    if (change.view !== undefined && change.view !== 'projections') this.patches?.pause();
    Object.assign(this.state, change);
    this.revision++;
    this.refresh();
  }

  /** Chooses the backend. */
  async chooseBackend(choice: BackendChoice): Promise<void> {
    this.notice = '';
    await this.#task('backend', async (options) => {
      const report = await this.#engine.useBackend(choice, options);
      if (choice !== 'auto' && report.backend !== choice) this.notice = report.reason;
    });
    this.refresh();
  }

  /** Computes what the view needs and does not have yet. */
  refresh(): void {
    this.#changed();
    const { network } = this;
    if (!network) return;
    const kernelLayer = this.kernelLayer?.id;
    if (
      this.state.view === 'filters' &&
      kernelLayer !== undefined &&
      this.kernels?.layer !== kernelLayer
    ) {
      void this.#task('kernels', async (options) => {
        this.kernels = await this.#engine.kernels(network.id, kernelLayer, options);
        this.revision++;
      });
    }
    if (this.#hasImage && !this.live.camera) {
      void this.#readMaps(network).then(() => {
        if (this.state.view === 'projections') {
          void Promise.all([this.backward.project(network, IMAGE), this.#startPatches()]).then(
            () => this.refreshPatches(),
            (error: unknown) => this.fail(error),
          );
        }
        if (this.state.view === 'attribution') void this.backward.attribute(network, IMAGE);
      });
    }
  }

  /** Looks for the strongest patches where they are shown and the camera leaves time for them. */
  refreshPatches(): void {
    if (this.state.view === 'projections' && !this.live.camera) this.patches?.refresh();
  }

  /** Looks for patches in the visitor's images from now on; in the samples when none are given. */
  async chooseImageSet(
    files: readonly File[] = [],
    folders: readonly FileSystemDirectoryEntry[] = [],
  ): Promise<void> {
    const chosen = await (await this.#startPatches()).choose(files, folders);
    if (chosen && this.state.view !== 'projections') this.show({ view: 'projections' });
  }

  async #startPatches(): Promise<PatchSearch> {
    const { PatchSearch } = await import('./patches.js');
    return (this.patches ??= new PatchSearch(this.#engine, this.#tasks, this, this.#changed));
  }

  /** Changes what is attributed, how, or how much of the network is destroyed. */
  chooseAttribution(
    choice: Partial<Pick<ViewerState, 'of' | 'target' | 'method' | 'randomised'>>,
  ): void {
    Object.assign(this.state, choice);
    this.refresh();
  }

  async #readMaps(network: NetworkSummary): Promise<void> {
    await this.#task('maps', async (options) => {
      this.#take(await this.readings.ask(this.#request(network, IMAGE), options));
      await this.readings.weigh();
    });
  }

  #request(
    network: NetworkSummary,
    image: string | ImageBitmap,
  ): Parameters<EngineClient['activations']>[0] {
    const layers = this.layer ? [this.layer.id] : [];
    const switches = this.state.switches === 'on' && this.state.view === 'maps';
    return { network: network.id, image, layers, scores: true, strengths: true, switches };
  }

  #take(answer: Activations): void {
    this.readings.take(answer);
    this.revision++;
  }

  async #toggleCamera(): Promise<void> {
    if (this.live.camera) {
      this.live.stop();
      this.refresh();
      return;
    }
    await this.#task('camera', async () => {
      await this.live.start();
      this.patches?.pause();
      this.state.image = '';
      this.imageTitle = 'camera';
    });
  }

  /** One frame of the camera: its maps, and what is carried back where that lens is open. */
  async #showFrame(frame: Frame, current: () => boolean): Promise<void> {
    const { network } = this;
    if (!network) return;
    try {
      const preview = this.#spare;
      const [shown, sent] = await Promise.all([frame(), frame()]);
      drawWindow(preview, shown, this.aspect ?? 1);
      shown.close();
      const answer = await this.readings.ask(this.#request(network, sent));
      if (!current() || this.network !== network) return;
      // Two canvases in turn: projections are shown with their own frame while the next one is drawn.
      this.#spare = this.preview ?? document.createElement('canvas');
      this.preview = preview;
      this.#hasImage = false;
      this.#take(answer);
      if (this.state.view === 'projections') await this.backward.project(network, await frame());
    } catch (error) {
      // The worker is starting again, or the network was changed meanwhile: the next frame will do.
      const passing = ['E_ENGINE_LOST', 'E_LAYER_UNKNOWN', 'E_ARGUMENT'];
      if (!passing.includes(asError(error).code)) throw error;
    }
  }

  /** Cancels everything under way. */
  cancel(): void {
    this.patches?.stop();
    this.#tasks.cancel();
  }

  /** Takes the problem off the page. */
  dismiss(): void {
    this.#tasks.problem = undefined;
    this.notice = '';
    this.#changed();
  }

  /** Shows a failure. */
  fail(error: unknown): void {
    this.#tasks.fail(asError(error), 'page');
    this.#changed();
  }

  /** Turns the camera off and cancels what is under way. */
  close(): void {
    this.cancel();
    this.live.stop();
  }

  #task(name: string, work: (options: TaskOptions) => Promise<void>): Promise<boolean> {
    return this.#tasks.run(name, work);
  }
}
