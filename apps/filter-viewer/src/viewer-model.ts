import { topClasses, type ClassScore, type Kernels } from '@convlens/core';
import {
  announce,
  asError,
  classNames,
  entrySource,
  fetchImage,
  FILE_PREFIX,
  fileSource,
  networkEntries,
  resolveFile,
  samples,
  Tasks,
  type Camera,
  type ImageSelectEvent,
  type NetworkEntry,
  type Problem,
  type Sample,
  type TaskOptions,
} from '@convlens/elements';
import type {
  Activations,
  Attribution,
  BackendChoice,
  EngineClient,
  LayerActivation,
  LayerSummary,
  MemoryReport,
  NetworkSource,
  NetworkSummary,
  Progress,
  Projections,
} from '@convlens/engine';
import { LensError } from '@convlens/onnx';
import { drawWindow, previewOf } from './preview.js';
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

  entries: readonly NetworkEntry[] = [];
  samples: readonly Sample[] = [];
  network: NetworkSummary | undefined;
  names: readonly string[] | undefined;
  /** Name of the current image for people. */
  imageTitle = '';
  preview: HTMLCanvasElement | undefined;
  kernels: Kernels | undefined;
  maps: LayerActivation | undefined;
  answer: Activations | undefined;
  scores: readonly ClassScore[] = [];
  strengths: Readonly<Record<string, number>> | undefined;
  /** What the engine holds. */
  memory: MemoryReport | undefined;
  projections: Projections | undefined;
  attribution: Attribution | undefined;
  /** Something worth knowing that is no failure: the backend changed after a crash. */
  notice = '';
  camera: Camera | undefined;
  frozen = false;
  framesPerSecond = 0;
  /** Counts new pictures, so that grids know when to paint. */
  revision = 0;

  #files = new Map<string, NetworkSource>();
  #source: NetworkSource | undefined;
  #hasImage = false;
  readonly #tasks: Tasks;

  /**
   * @param engine the worker's client
   * @param state what is chosen; the model changes it
   * @param changed called after every change
   */
  constructor(engine: EngineClient, state: ViewerState, changed: () => void) {
    this.#engine = engine;
    this.state = state;
    this.#changed = changed;
    const following = ['maps', 'kernels', 'projections', 'attribution'];
    this.#tasks = new Tasks(following, changed, () => this.refresh());
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

  /** The layer whose weights belong to the chosen one: itself, or the nearest with weights on the way to the image. */
  get kernelLayer(): LayerSummary | undefined {
    const layers = this.network?.layers;
    let at = this.layer;
    for (let steps = 0; at && !at.hasKernels && steps < 200; steps++) {
      const before: string | undefined = at.from.at(-1);
      at = layers?.find(({ id }) => id === before);
    }
    return at?.hasKernels ? at : layers?.find(({ id }) => id === this.network?.firstConv);
  }

  /** Networks that can be chosen: the embedded ones, and files that were opened. */
  get choices(): readonly { readonly id: string; readonly title: string }[] {
    const files = [...this.#files.keys()].map((id) => ({
      id,
      title: id.slice(FILE_PREFIX.length),
    }));
    return [...this.entries, ...files];
  }

  /** Opens what the state names; called once. */
  async open(): Promise<void> {
    await this.#task('list', async () => {
      this.entries = await networkEntries();
      this.#changed();
    });
    void this.#task('samples', async () => {
      this.samples = await samples();
      this.#changed();
    });
    const known = this.entries.some(({ id }) => id === this.state.network);
    if (!known && this.entries[0]) this.state.network = this.entries[0].id;
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
    const entry = this.entries.find((candidate) => candidate.id === id);
    if (!entry) {
      const source = this.#files.get(id);
      if (source) await this.#openNetwork(source);
      return;
    }
    await this.#openNetwork(entrySource(entry), entry);
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
      const network = await this.#engine.openNetwork(source, options);
      if (source.id.startsWith(FILE_PREFIX)) this.#files.set(source.id, source);
      const names = entry ? await classNames(entry) : network.classes;
      this.#source = source;
      this.network = network;
      this.names = names;
      this.state.network = source.id;
      this.kernels = undefined;
      this.maps = undefined;
      this.answer = undefined;
      this.scores = [];
      this.strengths = undefined;
      this.projections = undefined;
      this.attribution = undefined;
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
      const [, height = 1, width = 1] = this.network?.input.shape ?? [];
      this.preview = await previewOf(blob, width / height);
      this.#stopCamera();
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
    if (this.state.view === 'projections') this.refresh();
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
  show(change: Partial<Pick<ViewerState, 'view' | 'sort' | 'scale'>>): void {
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
    if (this.#hasImage && !this.camera) {
      void this.#readMaps(network).then(() => {
        if (this.state.view === 'projections') void this.#project(network, IMAGE);
        else if (this.state.view === 'attribution') void this.#attribute(network);
      });
    }
  }

  /** Layers with weights, from the classifier down: the order of the sanity check. */
  get weightedLayers(): readonly string[] {
    const layers = this.network?.layers ?? [];
    return layers.flatMap(({ id, weight }) => (weight === undefined ? [] : [id])).reverse();
  }

  /** The class that attributions are for: the chosen one, or the most probable. */
  get target(): number {
    return this.state.target ?? this.scores[0]?.index ?? 0;
  }

  /** The unit that is projected: the pinned one, or the strongest. */
  get #unit(): number {
    const high = this.maps?.statistics.channelHigh ?? new Float32Array(1);
    const strongest = high.reduce((best, value, i) => (value > high[best]! ? i : best), 0);
    return this.state.channel ?? strongest;
  }

  async #project(network: NetworkSummary, image: string | ImageBitmap): Promise<boolean> {
    const { layer } = this;
    if (!layer) return false;
    const { row, column } = this.state;
    const place = row === undefined || column === undefined ? {} : { row, column };
    return this.#task('projections', async (options) => {
      const target = { kind: 'unit', layer: layer.id, channel: this.#unit, ...place } as const;
      const rules = ['backprop', 'deconvnet', 'guided'] as const;
      const request = { network: network.id, image, target, rules };
      this.projections = await this.#engine.projections(request, options);
    });
  }

  async #attribute(network: NetworkSummary): Promise<void> {
    if (!network.logits) {
      this.fail(new LensError('E_ARGUMENT', `${network.title} has no class scores to attribute.`));
      return;
    }
    const { method, randomised = 0 } = this.state;
    await this.#task('attribution', async (options) => {
      this.attribution = await this.#engine.attribution(
        {
          network: network.id,
          image: IMAGE,
          target: { kind: 'class', index: this.target },
          method,
          randomised,
        },
        options,
      );
    });
  }

  /** Changes what is attributed, how, or how much of the network is destroyed. */
  chooseAttribution(choice: Partial<Pick<ViewerState, 'target' | 'method' | 'randomised'>>): void {
    Object.assign(this.state, choice);
    this.refresh();
  }

  async #readMaps(network: NetworkSummary): Promise<void> {
    await this.#task('maps', async (options) => {
      this.#take(await this.#engine.activations(this.#request(network, IMAGE), options));
      this.memory = await this.#engine.memory();
    });
  }

  #request(
    network: NetworkSummary,
    image: string | ImageBitmap,
  ): Parameters<EngineClient['activations']>[0] {
    const layers = this.layer ? [this.layer.id] : [];
    return { network: network.id, image, layers, scores: true, strengths: true };
  }

  #take(answer: Activations): void {
    this.answer = answer;
    this.maps = answer.layers[0];
    this.scores = answer.logits ? topClasses(answer.logits, 5) : [];
    if (answer.strengths) this.strengths = answer.strengths;
    this.revision++;
  }

  async #toggleCamera(): Promise<void> {
    if (this.camera) {
      this.#stopCamera();
      this.refresh();
      return;
    }
    await this.#task('camera', async () => {
      const { Camera } = await import('@convlens/elements/camera.js');
      this.camera = await Camera.open();
      this.frozen = false;
      this.state.image = '';
      this.imageTitle = 'camera';
      announce('Camera on.');
    });
    if (this.camera) void this.#follow(this.camera);
  }

  #stopCamera(): void {
    this.camera?.close();
    this.camera = undefined;
    this.framesPerSecond = 0;
  }

  /** Holds the camera's last frame, or lets it run again. */
  toggleFreeze(): void {
    if (!this.camera) return;
    this.frozen = !this.frozen;
    announce(this.frozen ? 'Frozen.' : 'Live.');
    this.#changed();
  }

  /** Frame after frame, each asked for when the one before is done, so that nothing queues up. */
  async #follow(camera: Camera): Promise<void> {
    let last = performance.now();
    this.preview ??= document.createElement('canvas');
    const preview = document.createElement('canvas');
    while (this.camera === camera) {
      const { network } = this;
      if (this.frozen || !network) {
        await new Promise((resolve) => setTimeout(resolve, 100));
        last = performance.now();
        continue;
      }
      try {
        const [, height, width] = network.input.shape;
        const frame = await camera.frame(width / height);
        drawWindow(preview, frame, width / height);
        const answer = await this.#engine.activations(this.#request(network, frame));
        if (this.camera !== camera || this.frozen || this.network !== network) continue;
        this.preview = preview;
        this.#hasImage = false;
        this.#take(answer);
        if (this.state.view === 'projections') {
          await this.#project(network, await camera.frame(width / height));
        }
      } catch (error) {
        const problem = asError(error);
        // The worker is starting again, or the network was changed meanwhile: the next frame will do.
        if (!['E_ENGINE_LOST', 'E_LAYER_UNKNOWN', 'E_ARGUMENT'].includes(problem.code)) {
          this.#tasks.fail(problem, 'camera');
          this.#stopCamera();
        }
      }
      const now = performance.now();
      const rate = 1000 / (now - last);
      this.framesPerSecond =
        this.framesPerSecond === 0 ? rate : this.framesPerSecond * 0.9 + rate * 0.1;
      last = now;
      this.#changed();
      await new Promise((resolve) => requestAnimationFrame(resolve));
    }
  }

  /** Cancels everything under way. */
  cancel(): void {
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
    this.#stopCamera();
  }

  #task(name: string, work: (options: TaskOptions) => Promise<void>): Promise<boolean> {
    return this.#tasks.run(name, work);
  }
}
