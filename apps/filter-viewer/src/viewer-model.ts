import { topClasses, type ClassScore, type Kernels } from '@convlens/core';
import {
  announce,
  classNames,
  networkEntries,
  resolveFile,
  samples,
  type Camera,
  type ImageSelectEvent,
  type NetworkEntry,
  type Sample,
} from '@convlens/elements';
import type {
  Activations,
  BackendChoice,
  EngineClient,
  LayerActivation,
  LayerSummary,
  NetworkSource,
  NetworkSummary,
  Progress,
} from '@convlens/engine';
import { LensError } from '@convlens/onnx';
import { drawWindow, previewOf } from './preview.js';
import type { ViewerState } from './state.js';

/** A failure as it is shown: what happened, and a way out. */
export interface Problem {
  readonly code: string;
  readonly message: string;
  /** The task that failed. */
  readonly task: string;
  /** Tries the same again, where that makes sense. */
  readonly retry?: () => void;
}

const IMAGE = 'current';
/** Shown on a button; files that are opened join the list under this prefix. */
const FILE_PREFIX = 'file:';

const asError = (error: unknown): LensError =>
  error instanceof LensError
    ? error
    : new LensError('E_INTERNAL', error instanceof Error ? error.message : String(error), {
        cause: error,
      });

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
  problem: Problem | undefined;
  /** Something worth knowing that is no failure: the backend changed after a crash. */
  notice = '';
  /** What is under way, by task. */
  readonly busy = new Map<string, Progress>();
  camera: Camera | undefined;
  frozen = false;
  framesPerSecond = 0;
  /** Counts new pictures, so that grids know when to paint. */
  revision = 0;

  #files = new Map<string, NetworkSource>();
  #source: NetworkSource | undefined;
  #hasImage = false;
  #tasks = new Map<string, AbortController>();

  /**
   * @param engine the worker's client
   * @param state what is chosen; the model changes it
   * @param changed called after every change
   */
  constructor(engine: EngineClient, state: ViewerState, changed: () => void) {
    this.#engine = engine;
    this.state = state;
    this.#changed = changed;
    engine.addEventListener('recovered', (event) => {
      const { reason } = event as Event & { reason?: string };
      this.notice = `${reason ?? ''} Another one has taken over; nothing is lost.`;
      this.#changed();
      this.refresh();
    });
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
    await this.#openNetwork(
      {
        id,
        url: resolveFile('models', entry.file),
        bytes: entry.bytes,
        sha256: entry.sha256,
        knowledge: { title: entry.title, preprocessing: entry.preprocessing },
      },
      entry,
    );
  }

  /** Opens an ONNX file of the visitor's; files beside it hold its external weights. */
  async chooseNetworkFiles(files: readonly File[]): Promise<void> {
    const main = files.find(({ name }) => /\.onnx$/i.test(name)) ?? files[0];
    if (!main) return;
    const others = files.filter((file) => file !== main);
    await this.#openNetwork({
      id: FILE_PREFIX + main.name,
      blob: main,
      knowledge: { title: main.name.replace(/\.onnx$/i, '') },
      ...(others.length > 0
        ? { externalData: Object.fromEntries(others.map((file) => [file.name, file])) }
        : {}),
    });
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
          : await this.#fetchImage(
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

  async #fetchImage(url: string, signal?: AbortSignal): Promise<Blob> {
    let response: Response;
    try {
      response = await fetch(url, signal ? { signal } : {});
    } catch (cause) {
      throw new LensError(
        'E_FETCH',
        `The image at ${url} could not be fetched: no answer, or its server does not allow other pages to read it. ` +
          'Save it and open the file instead.',
        { cause },
      );
    }
    if (!response.ok) {
      throw new LensError(
        'E_FETCH',
        `The image at ${url} could not be fetched: the answer was ${response.status}.`,
      );
    }
    return response.blob();
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
    if (this.#hasImage && !this.camera) void this.#readMaps(network);
  }

  async #readMaps(network: NetworkSummary): Promise<void> {
    await this.#task('maps', async (options) => {
      this.#take(await this.#engine.activations(this.#request(network, IMAGE), options));
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
      } catch (error) {
        const problem = asError(error);
        // The worker is starting again, or the network was changed meanwhile: the next frame will do.
        if (!['E_ENGINE_LOST', 'E_LAYER_UNKNOWN', 'E_ARGUMENT'].includes(problem.code)) {
          this.#fail(problem, 'camera');
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
    for (const controller of this.#tasks.values()) controller.abort();
  }

  /** Takes the problem off the page. */
  dismiss(): void {
    this.problem = undefined;
    this.notice = '';
    this.#changed();
  }

  /** Shows a failure. */
  fail(error: unknown): void {
    this.#fail(asError(error), 'page');
    this.#changed();
  }

  #fail(error: LensError, task: string, retry?: () => void): void {
    const { code, message } = error;
    this.problem = { code, message, task, ...(retry ? { retry } : {}) };
    announce(error.message);
  }

  /** Turns the camera off and cancels what is under way. */
  close(): void {
    this.cancel();
    this.#stopCamera();
  }

  /** One task of a name at a time: a newer one cancels the one before, and failures become the problem shown. */
  async #task(
    name: string,
    work: (options: {
      signal: AbortSignal;
      onProgress: (progress: Progress) => void;
    }) => Promise<void>,
  ): Promise<boolean> {
    this.#tasks.get(name)?.abort();
    // What a person starts anew takes the last failure off the page.
    if (!['maps', 'kernels'].includes(name)) this.problem = undefined;
    const controller = new AbortController();
    const { signal } = controller;
    this.#tasks.set(name, controller);
    const current = (): boolean => this.#tasks.get(name) === controller;
    try {
      await work({
        signal,
        onProgress: (progress) => {
          if (!current()) return;
          this.busy.set(name, progress);
          this.#changed();
        },
      });
      if (this.problem?.task === name) this.problem = undefined;
      return true;
    } catch (error) {
      const problem = asError(error);
      if (current() && problem.code !== 'E_ABORTED') {
        this.#fail(problem, name, () => {
          void this.#task(name, work).then(() => this.refresh());
        });
      }
      return false;
    } finally {
      if (current()) {
        this.#tasks.delete(name);
        this.busy.delete(name);
      }
      this.#changed();
    }
  }
}
