import { topClasses, type ClassScore, type Recipe } from '@convlens/core';
import type { Pixels } from '@convlens/data';
import {
  announce,
  resolveFile,
  Workbench,
  type AppModel,
  type ImageSelectEvent,
  type OpenImage,
  type Problem,
} from '@convlens/elements';
import type {
  ImageHandle,
  LayerSummary,
  NetworkHandle,
  NetworkSummary,
  RecipeRequest,
} from '@convlens/engine';
import { LensError } from '@convlens/onnx';
import { keepRun, lastRun } from './last-run.js';
import { inLayer, inNetwork, recipeOf } from './recipes.js';
import { StudioRun } from './run.js';
import { Sheet } from './sheet.js';
import type { StudioState } from './state.js';
import { subjectOf } from './subject.js';

/** Steps that "continue" adds. */
export const MORE_STEPS = 128;

/** The same recipe in another network, beside the first. */
export interface Beside {
  readonly title: string;
  readonly run: StudioRun;
}

/** The studio without its looks. Everything that fails leaves what was there before. */
export class StudioModel extends Workbench<StudioState> implements AppModel<StudioState> {
  protected override readonly recovered = 'Another one goes on from the last frame.';
  run: StudioRun | undefined;
  beside: readonly Beside[] = [];
  sheet: Sheet | undefined;
  /** What the network says to the finished picture. */
  scores: readonly ClassScore[] = [];
  /** The sample that guides a dream, and which one it is. */
  #guide: { readonly id: string; readonly handle: ImageHandle } | undefined;
  /** Networks that are open to be compared with. */
  readonly #others = new Map<string, NetworkHandle>();
  #keptStep = -1;
  /** Settles when the image that was chosen last is open, or could not be opened. */
  #imageOpening: Promise<unknown> = Promise.resolve();

  /** The failure that is shown. */
  override get problem(): Problem | undefined {
    const { run } = this;
    if (super.problem) return super.problem;
    if (!run?.error) return undefined;
    const { code, message } = run.error;
    return { code, message, task: 'run', retry: () => void run.go() };
  }

  /** Whether the state is what is shown. */
  get isSettled(): boolean {
    return this.network !== undefined;
  }

  /** The chosen layer. */
  get layer(): LayerSummary | undefined {
    return this.network?.layers.find(({ id }) => id === this.state.layer);
  }

  /** What is made, in words. */
  get subject(): string {
    return subjectOf(this.state, this.names, this.imageTitle);
  }

  /** See `AppModel`: makes the picture, or takes up the run of the last visit. */
  async open(given: ReadonlySet<string>): Promise<void> {
    if (given.has('layer')) this.wishLayer(this.state.layer);
    const id = this.state.image || 'lighthouse';
    this.#imageOpening = this.lists(() => this.chooseImage({ kind: 'sample', id }, false));
    await this.openNetwork(this.state.network, () => this.#first());
  }

  async #first(): Promise<void> {
    // Chosen first, opened second: the wait may be for another one by then.
    for (let at; at !== this.#imageOpening;) await (at = this.#imageOpening);
    const last = await lastRun();
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

  /** See `AppModel`. */
  async apply(change: Partial<StudioState>): Promise<void> {
    const { network, image, ...rest } = change;
    Object.assign(this.state, rest);
    if (rest.layer !== undefined) this.wishLayer(rest.layer);
    if (image !== undefined && image !== '') {
      await this.chooseImage({ kind: 'sample', id: image }, false);
    }
    if (network !== undefined) await this.chooseNetwork(network);
    else {
      if (this.network) this.#fit(this.network);
      this.begin();
    }
  }

  #isSame(recipe: Recipe): boolean {
    try {
      return JSON.stringify(recipe) === JSON.stringify(this.#recipe(this.network!));
    } catch {
      return false;
    }
  }

  /** Makes the state fit a network. */
  protected override settle(network: NetworkSummary, id: string): void {
    this.state.network = id;
    this.#fit(network);
  }

  /** Makes the state fit an image. */
  protected override settleImage({ sample }: OpenImage): void {
    this.state.image = sample;
  }

  /** A layer that the network has, a class that it knows. */
  #fit(network: NetworkSummary): void {
    const { state } = this;
    if (!this.keepsLayer(network, state.layer)) {
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
    const lemon = network.classes?.indexOf('lemon') ?? -1;
    state.target ??= Math.max(0, lemon);
    if (classes === 0 && (state.make === 'class' || state.make === 'restarts')) state.make = 'unit';
  }

  /** Changes what is made or how, and begins anew. */
  choose(change: Partial<StudioState>): void {
    const other = 'make' in change || 'layer' in change ? { second: undefined } : {};
    Object.assign(this.state, { recipe: '' }, other, change);
    if (change.layer !== undefined) this.layerChosen();
    if (this.sheet && this.sheet.layer !== this.state.layer) this.closeSheet();
    this.begin();
  }

  /** Opens another network. */
  async chooseNetwork(id: string): Promise<void> {
    this.#makeRoom();
    await this.openNetwork(id, () => this.begin());
  }

  /** Opens a network from files. */
  async chooseNetworkFiles(files: readonly File[]): Promise<void> {
    this.#makeRoom();
    await this.openFiles(files, () => this.begin());
  }

  #makeRoom(): void {
    this.cancel();
    this.closeSheet();
    this.state.recipe = '';
  }

  /** Opens an image. */
  async chooseImage(choice: ImageSelectEvent['choice'], begin = true): Promise<void> {
    if (choice.kind === 'camera') return;
    const then = (): void => {
      const { make, start } = this.state;
      const matters =
        make === 'dream' || make === 'rebuild' || (make !== 'restarts' && start === 'image');
      // A run that waited for this image in vain begins with it.
      if ((begin && matters) || this.run?.status === 'failed') this.begin();
    };
    const opening = this.openImage(choice, then);
    this.#imageOpening = opening;
    await opening;
  }

  /** Chooses the sample that guides a dream. */
  chooseGuide(id: string): void {
    this.choose({ guide: id });
  }

  async #openGuide(): Promise<void> {
    const { guide } = this.state;
    const sample = this.samples.find((one) => one.id === guide);
    if (!sample || this.#guide?.id === guide) return;
    const { file, title } = sample;
    const source = { what: title, url: resolveFile('samples', file) };
    const handle = await this.session.openImage(source);
    this.#guide?.handle[Symbol.dispose]();
    this.#guide = { id: guide, handle };
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
      const images = (): Pick<RecipeRequest, 'image' | 'guide'> => ({
        ...(this.image && { image: this.image.handle.id }),
        ...('guide' in made && this.#guide && { guide: this.#guide.handle.id }),
      });
      const request = { network: network.handle, recipe: made };
      return new StudioRun(this.session, request, images, () => this.#ran());
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
    this.tasks.leave('page');
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
    this.#keptStep = -1;
    void Promise.all([this.#openGuide(), this.#imageOpening])
      .catch((error: unknown) => this.fail(error))
      .then(() => run.go());
    this.changed();
  }

  #ran(): void {
    const { run } = this;
    if (run?.frame?.state && run.frame.step !== this.#keptStep) {
      this.#keptStep = run.frame.step;
      void keepRun({ recipe: run.recipe, frame: run.frame, curve: run.curve });
    }
    if (run?.status === 'done' && this.scores.length === 0) void this.#classify();
    this.changed();
  }

  /** What the network says to the picture as it is. */
  async #classify(): Promise<void> {
    const picture = this.run?.frame?.pictures[0];
    const { network } = this;
    if (!picture || !network?.logits || this.state.make === 'dream') return;
    const { run } = this;
    await this.tasks.run('scores', async (options) => {
      const pixels: Pixels = { ...picture, data: picture.data.slice() };
      const image = await this.session.openImage({ pixels }, options);
      try {
        const request = { network: network.handle, image: image.id, layers: [], scores: true };
        const { logits } = await this.session.run('activations', request, options);
        if (this.run === run && logits) this.scores = topClasses(logits, 5);
      } finally {
        image[Symbol.dispose]();
      }
    });
  }

  /** The same picture by another network of the box, beside this one. */
  async compare(id: string): Promise<void> {
    const entry = this.networks.entry(id);
    const { run } = this;
    if (!entry || !run) return;
    await this.tasks.run('beside', async (options) => {
      const handle =
        this.#others.get(id) ??
        (await this.session.openNetwork(await this.networks.source(id), options));
      this.#others.set(id, handle);
      const other = this.#make(inNetwork(run.recipe, id), handle.summary);
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
      this.sheet = new Sheet(this.session, network, layer, this.image?.handle.id, this.changed);
    }
    void this.sheet.go().catch((error: unknown) => this.fail(error));
  }

  /** Closes the wall; what was made of it is forgotten. */
  closeSheet(): void {
    this.sheet?.stop();
    this.sheet = undefined;
    this.changed();
  }

  /** Reads a recipe: JSON, or a PNG that the studio has made. */
  async takeRecipe(file: Blob): Promise<void> {
    await this.tasks.run('recipe', async () => {
      const { recipeFromFile } = await import('./exports.js');
      const recipe = await recipeFromFile(file);
      if (recipe.network !== this.state.network) {
        if (!this.networks.has(recipe.network)) {
          throw new LensError(
            'E_RECIPE',
            `The recipe is for the network "${recipe.network}", which is not open here. Open it first; nothing was changed.`,
          );
        }
        if (!(await this.openNetwork(recipe.network))) return;
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

  /** Ends everything under way. */
  override cancel(): void {
    this.#stop();
    super.cancel();
  }

  #stop(): void {
    this.run?.cancel();
    for (const { run } of this.beside) run.cancel();
    this.sheet?.stop();
  }

  /** Takes the failure or the notice off the page. */
  override dismiss(): void {
    if (this.run && !super.problem) this.run.error = undefined;
    super.dismiss();
  }

  /** Ends everything, and gives everything back. */
  override [Symbol.dispose](): void {
    this.#stop();
    super[Symbol.dispose]();
  }
}
