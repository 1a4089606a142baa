import { topClasses, type ClassScore, type Recipe } from '@convlens/core';
import type { Pixels } from '@convlens/data';
import {
  announce,
  asError,
  chosenImage,
  fileSource,
  NetworkList,
  resolveFile,
  samples,
  Tasks,
  type ImageSelectEvent,
  type Problem,
  type Sample,
} from '@convlens/elements';
import type {
  BackendChoice,
  EngineClient,
  LayerSummary,
  NetworkSummary,
  Progress,
} from '@convlens/engine';
import { LensError } from '@convlens/onnx';
import { inLayer, inNetwork, recipeOf } from './recipes.js';
import { StudioRun } from './run.js';
import { Sheet } from './sheet.js';
import { shelve, shelved } from './shelf.js';
import type { StudioState } from './state.js';
import { subjectOf } from './subject.js';

const IMAGE = 'studio-image';
const GUIDE = 'studio-guide';
const RESULT = 'studio-result';
/** Steps that "continue" adds. */
export const MORE_STEPS = 128;

/** The same recipe in another network, beside the first. */
export interface Beside {
  readonly title: string;
  readonly run: StudioRun;
}

/** The studio without its looks. Everything that fails leaves what was there before. */
export class StudioModel {
  readonly #engine: EngineClient;
  readonly #changed: () => void;
  readonly #tasks: Tasks;
  readonly state: StudioState;
  readonly networks = new NetworkList();
  samples: readonly Sample[] = [];
  network: NetworkSummary | undefined;
  names: readonly string[] | undefined;
  imageTitle = '';
  run: StudioRun | undefined;
  beside: readonly Beside[] = [];
  sheet: Sheet | undefined;
  /** What the network says to the finished picture. */
  scores: readonly ClassScore[] = [];
  notice = '';
  #opened = new Set<string>();
  #shelvedStep = -1;
  /** Settles when the image that was chosen last is open, or could not be opened. */
  #image: Promise<unknown> = Promise.resolve();

  /**
   * @param engine the worker's client
   * @param state what is chosen; the model changes it
   * @param changed called after every change
   */
  constructor(engine: EngineClient, state: StudioState, changed: () => void) {
    this.#engine = engine;
    this.state = state;
    this.#changed = changed;
    this.#tasks = new Tasks(['scores'], changed, () => this.begin());
    engine.addEventListener('recovered', (event) => {
      this.notice = `${(event as Event & { reason?: string }).reason ?? ''} Another one goes on from the last frame.`;
      this.#changed();
    });
  }

  /** The last failure. */
  get problem(): Problem | undefined {
    const { run } = this;
    if (this.#tasks.problem) return this.#tasks.problem;
    if (!run?.error) return undefined;
    const { code, message } = run.error;
    return { code, message, task: 'run', retry: () => void run.go() };
  }

  /** What is under way, by task. */
  get busy(): ReadonlyMap<string, Progress> {
    return this.#tasks.busy;
  }

  /** The chosen layer. */
  get layer(): LayerSummary | undefined {
    return this.network?.layers.find(({ id }) => id === this.state.layer);
  }

  /** What is made, in words. */
  get subject(): string {
    return subjectOf(this.state, this.names, this.imageTitle);
  }

  /** Opens what the state says and makes its picture, or takes up the run of the last visit. */
  async open(): Promise<void> {
    await this.#tasks.run('open', async () => {
      [, this.samples] = await Promise.all([this.networks.load(), samples()]);
      this.#changed();
    });
    if (!(await this.#openNetwork(this.state.network))) return;
    await this.chooseImage({ kind: 'sample', id: this.state.image || 'lighthouse' }, false);
    const last = await shelved();
    if (last && this.network && this.#isSame(last.recipe)) {
      const run = this.#make();
      if (run) {
        this.run = run;
        run.restore(last.frame, last.curve);
        void this.#classify();
        announce('The picture of your last visit is still here.');
        return;
      }
    }
    this.begin();
  }

  #isSame(recipe: Recipe): boolean {
    try {
      return JSON.stringify(recipe) === JSON.stringify(this.#recipe(this.network!));
    } catch {
      return false;
    }
  }

  async #openNetwork(id: string): Promise<boolean> {
    return this.#tasks.run('network', async (options) => {
      const network = await this.#engine.openNetwork(await this.networks.source(id), options);
      this.#opened.add(id);
      this.network = network;
      this.names = network.classes;
      this.state.network = id;
      this.#settle(network);
    });
  }

  /** Makes the state fit a network: a layer it has, a class it knows. */
  #settle(network: NetworkSummary): void {
    const { state } = this;
    if (!network.layers.some(({ id }) => id === state.layer)) {
      const maps = network.layers.filter(({ main, shape }) => main && shape.length === 3);
      state.layer = maps[Math.floor(maps.length * 0.6)]?.id ?? network.lastConv;
      state.channel = undefined;
    }
    const classes = network.logits?.classes ?? 0;
    if (state.target !== undefined && state.target >= classes) state.target = undefined;
    if (state.second !== undefined && state.make === 'class' && state.second >= classes) {
      state.second = undefined;
    }
    if (!network.layers.some(({ id }) => id === state.also)) state.also = '';
    const lemon = this.names?.indexOf('lemon') ?? -1;
    state.target ??= Math.max(0, lemon);
    if (classes === 0 && (state.make === 'class' || state.make === 'restarts')) state.make = 'unit';
  }

  /** Changes what is made or how, and begins anew. */
  choose(change: Partial<StudioState>): void {
    const other = 'make' in change || 'layer' in change ? { second: undefined } : {};
    Object.assign(this.state, { recipe: '' }, other, change);
    if (this.sheet && this.sheet.layer !== this.state.layer) this.closeSheet();
    this.begin();
  }

  /** Opens another network. */
  async chooseNetwork(id: string): Promise<void> {
    this.cancel();
    this.closeSheet();
    this.state.recipe = '';
    if (await this.#openNetwork(id)) this.begin();
  }

  /** Opens a network from files. */
  async chooseNetworkFiles(files: readonly File[]): Promise<void> {
    const source = fileSource(files);
    if (!source) return;
    this.networks.add(source);
    await this.chooseNetwork(source.id);
    if (this.problem?.task === 'network') this.networks.remove(source.id);
  }

  /** Opens an image. */
  async chooseImage(choice: ImageSelectEvent['choice'], begin = true): Promise<void> {
    if (choice.kind === 'camera') return;
    const opening = this.#tasks.run('image', async (options) => {
      const { source, title, sample } = await chosenImage(choice, this.samples, options.signal);
      await this.#engine.openImage({ id: IMAGE, ...source }, options);
      this.imageTitle = title;
      this.state.image = sample;
    });
    this.#image = opening;
    const opened = await opening;
    const { make, start } = this.state;
    const matters =
      make === 'dream' || make === 'rebuild' || (make !== 'restarts' && start === 'image');
    if (opened && begin && matters) this.begin();
  }

  /** Chooses the sample that guides a dream. */
  chooseGuide(id: string): void {
    this.choose({ guide: id });
  }

  async #openGuide(): Promise<void> {
    const { guide } = this.state;
    const sample = this.samples.find((one) => one.id === guide);
    if (sample)
      await this.#engine.openImage({ id: GUIDE, url: resolveFile('samples', sample.file) });
  }

  /** The recipe of the state, which says of which file of the network it is. */
  #recipe(network: NetworkSummary): Recipe {
    const recipe = recipeOf(this.state, network);
    const sha256 = this.networks.version(network.id);
    return sha256 === undefined || recipe.sha256 !== undefined ? recipe : { ...recipe, sha256 };
  }

  #make(recipe?: Recipe, network = this.network): StudioRun | undefined {
    if (!network) return undefined;
    try {
      const made = recipe ?? this.#recipe(network);
      const request = {
        network: network.id,
        recipe: made,
        image: IMAGE,
        ...('guide' in made ? { guide: GUIDE } : {}),
      };
      return new StudioRun(this.#engine, request, () => this.#ran());
    } catch (error) {
      this.fail(error);
      return undefined;
    }
  }

  /** Makes the picture from the beginning. */
  begin(): void {
    const run = this.#make();
    if (!run) return;
    // What is being opened goes on: the run waits for it.
    this.#stop();
    this.beside = [];
    this.scores = [];
    this.notice = '';
    this.dismiss();
    // The last picture stays until there is another.
    const { frame } = this.run ?? {};
    this.run = run;
    if (frame)
      run.frame = {
        pictures: frame.pictures,
        step: 0,
        total: 0,
        values: [],
        since: 0,
        stepsPerSecond: 0,
      };
    this.#shelvedStep = -1;
    void Promise.all([this.#openGuide(), this.#image])
      .catch((error: unknown) => this.fail(error))
      .then(() => run.go());
    this.#changed();
  }

  #ran(): void {
    const { run } = this;
    if (run?.frame?.state && run.frame.step !== this.#shelvedStep) {
      this.#shelvedStep = run.frame.step;
      void shelve({ recipe: run.recipe, frame: run.frame, curve: run.curve });
    }
    if (run?.status === 'done' && this.scores.length === 0) void this.#classify();
    this.#changed();
  }

  /** What the network says to the picture as it is. */
  async #classify(): Promise<void> {
    const picture = this.run?.frame?.pictures[0];
    const { network } = this;
    if (!picture || !network?.logits || this.state.make === 'dream') return;
    const { run } = this;
    await this.#tasks.run('scores', async (options) => {
      const pixels: Pixels = { ...picture, data: picture.data.slice() };
      await this.#engine.openImage({ id: RESULT, pixels }, options);
      const request = { network: network.id, image: RESULT, layers: [], scores: true };
      const { logits } = await this.#engine.activations(request, options);
      if (this.run === run && logits) this.scores = topClasses(logits, 5);
    });
  }

  /** The same picture by another network of the box, beside this one. */
  async compare(id: string): Promise<void> {
    const entry = this.networks.entry(id);
    const { run } = this;
    if (!entry || !run) return;
    await this.#tasks.run('beside', async (options) => {
      const network = await this.#engine.openNetwork(await this.networks.source(id), options);
      const other = this.#make(inNetwork(run.recipe, id), network);
      if (!other) return;
      const others = this.beside.filter(({ title }) => title !== entry.title);
      this.beside = [...others, { title: entry.title, run: other }];
      await other.go();
    });
  }

  /** The same picture by other layers, beside this one: early against late. */
  async compareLayers(layers: readonly string[]): Promise<void> {
    const { run, network } = this;
    if (!run || !network) return;
    this.beside = [];
    for (const layer of layers) {
      const other = this.#make(inLayer(run.recipe, layer, network), network);
      if (!other) return;
      this.beside = [...this.beside, { title: layer, run: other }];
      await other.go();
      if (this.run !== run) return;
    }
  }

  /** Opens the wall of a layer's units, or goes on with it. */
  openSheet(): void {
    const { layer, network } = this;
    if (!layer || !network) return;
    this.cancel();
    if (this.sheet?.layer !== layer.id) {
      this.sheet?.stop();
      this.sheet = new Sheet(this.#engine, network, layer, IMAGE, this.#changed);
    }
    void this.sheet.go().catch((error: unknown) => this.fail(error));
  }

  /** Closes the wall; what was made of it is forgotten. */
  closeSheet(): void {
    this.sheet?.stop();
    this.sheet = undefined;
    this.#changed();
  }

  /** Reads a recipe: JSON, or a PNG that the studio has made. */
  async takeRecipe(file: Blob): Promise<void> {
    await this.#tasks.run('recipe', async () => {
      const { recipeFromFile } = await import('./exports.js');
      const recipe = await recipeFromFile(file);
      if (recipe.network !== this.state.network) {
        if (!this.networks.has(recipe.network)) {
          throw new LensError(
            'E_RECIPE',
            `The recipe is for the network "${recipe.network}", which is not open here. Open it first; nothing was changed.`,
          );
        }
        if (!(await this.#openNetwork(recipe.network))) return;
      }
      if (recipe.image && this.samples.some(({ id }) => id === recipe.image)) {
        await this.chooseImage({ kind: 'sample', id: recipe.image }, false);
      }
      this.state.recipe = JSON.stringify(recipe);
      this.begin();
      const version = this.networks.version(recipe.network);
      if (recipe.sha256 !== undefined && version !== undefined && recipe.sha256 !== version) {
        this.notice =
          'The recipe was made with another version of this network, so the picture may differ.';
      }
    });
  }

  /** Chooses the backend. */
  async chooseBackend(choice: BackendChoice): Promise<void> {
    await this.#tasks.run('backend', async (options) => {
      const report = await this.#engine.useBackend(choice, options);
      if (choice !== 'auto' && report.backend !== choice) this.notice = report.reason;
    });
  }

  /** Ends everything under way. */
  cancel(): void {
    this.#stop();
    this.#tasks.cancel();
  }

  #stop(): void {
    this.run?.cancel();
    for (const { run } of this.beside) run.cancel();
    this.sheet?.stop();
  }

  /** Takes the problem off the page. */
  dismiss(): void {
    this.#tasks.problem = undefined;
    this.notice = '';
    if (this.run) this.run.error = undefined;
    this.#changed();
  }

  /** Shows a failure. */
  fail(error: unknown): void {
    this.#tasks.fail(asError(error), 'page');
    this.#changed();
  }
}
