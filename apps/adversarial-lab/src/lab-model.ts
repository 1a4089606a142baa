import { topClass } from '@convlens/core';
import type { Pixels } from '@convlens/data';
import {
  announce,
  Workbench,
  type AppModel,
  type ImageSelectEvent,
  type OpenImage,
  type Problem,
} from '@convlens/elements';
import type {
  AttackRequest,
  ImageHandle,
  ImageId,
  JobAnswer,
  NetworkHandle,
  NetworkSummary,
} from '@convlens/engine';
import { LensError } from '@convlens/onnx';
import { AttackRun } from './attack-run.js';
import { allSettings, methodOf } from './parameters.js';
import { PictureSet } from './picture-set.js';
import { leastLikely, PRESETS, type Preset } from './presets.js';
import { recipe, recipeFromFile, stateOf, type AttackRecipe } from './recipe.js';
import type { LabState, Tab } from './state.js';
import { inWords } from './verdict.js';

/** What the network is shown, and what it says to it. */
export interface Seen {
  readonly picture: Pixels;
  readonly logits: Float32Array;
}

/** The lab without its looks. Everything that fails leaves what was there before. */
export class LabModel extends Workbench<LabState> implements AppModel<LabState> {
  protected override readonly recovered = 'Another one has begun anew.';
  /** The image before it is attacked. */
  original: Seen | undefined;
  run: AttackRun | undefined;
  /** The last attack that came to its end, on this image and network. */
  finished: AttackRun | undefined;
  /** What came of it, kept to be looked at. */
  #result: ImageHandle | undefined;
  set: PictureSet | undefined;
  /** All classes of the open network, in the order of their names. */
  classes: readonly number[] = [];
  /** Networks that are open beside the chosen one. */
  readonly #others = new Map<string, NetworkHandle>();
  /** Set when nothing was chosen: the first attack is a preset. */
  #isPreset = false;

  /** The image that is attacked. */
  get attacked(): ImageId | undefined {
    return this.image?.handle.id;
  }

  /** What came of the last attack, as an image. */
  get result(): ImageId | undefined {
    return this.#result?.id;
  }

  /** The failure that is shown. */
  override get problem(): Problem | undefined {
    if (super.problem) return super.problem;
    const { error } = this.run ?? {};
    if (!error) return undefined;
    return { code: error.code, message: error.message, task: 'run', retry: () => this.begin() };
  }

  /** Whether the state is what is shown. */
  get isSettled(): boolean {
    return this.network !== undefined && this.original !== undefined;
  }

  /** What came of the last attack that came to its end. */
  get answer(): JobAnswer<'attack'> | undefined {
    return this.finished?.answer;
  }

  /** The name of a class of the open network. */
  nameOf(index: number): string {
    return this.names?.[index] ?? `class ${index}`;
  }

  /** See `AppModel`: opens what the state says, and attacks. */
  async open(given: ReadonlySet<string>): Promise<void> {
    if (given.has('layer')) this.wishLayer(this.state.layer);
    this.#isPreset = !['attack', 'target', 'set', 'defence'].some((key) => given.has(key));
    await Promise.all([
      this.chooseNetwork(this.state.network),
      this.lists(() => {
        // A link has no picture where it was the visitor's own.
        const id = this.state.image || this.samples[0]!.id;
        return this.chooseImage({ kind: 'sample', id });
      }),
    ]);
  }

  /** See `AppModel`. */
  async apply(change: Partial<LabState>): Promise<void> {
    const { network, image, ...rest } = change;
    Object.assign(this.state, rest);
    if (rest.layer !== undefined) this.wishLayer(rest.layer);
    if (this.network && network === undefined) this.#fitLayer(this.network);
    if (image !== undefined && image !== '') await this.chooseImage({ kind: 'sample', id: image });
    if (network !== undefined) await this.chooseNetwork(network);
    else if (image === undefined) this.begin();
  }

  /** Opens a network of the list, without choosing it. */
  async opened(id: string, options: { signal?: AbortSignal } = {}): Promise<NetworkSummary> {
    if (this.network && id === this.state.network) return this.network;
    const open = this.#others.get(id);
    if (open) return open.summary;
    const handle = await this.session.openNetwork(await this.networks.source(id), options);
    this.#others.set(id, handle);
    return handle.summary;
  }

  /** Makes the state fit an image. */
  protected override async settleImage({ sample, source }: OpenImage): Promise<void> {
    const origin = source.blob ? await this.#origin(source.blob) : '';
    this.state.image = sample;
    this.#forget();
    this.notice = origin;
  }

  /** A network must tell classes apart. */
  protected override accept({ logits, title }: NetworkSummary): void {
    if (logits && logits.classes > 1) return;
    throw new LensError(
      'E_ARGUMENT',
      `Expected a network with at least two classes to fool, but ${title} has ` +
        `${logits ? 'one' : 'none'}. Choose a classifier.`,
    );
  }

  /** Makes the state fit a network. */
  protected override settle(network: NetworkSummary, id: string): void {
    const { logits, classes: names } = network;
    const count = logits?.classes ?? 0;
    const order = new Intl.Collator('en', { numeric: true });
    const name = (k: number): string => names?.[k] ?? `class ${k}`;
    this.classes = Array.from({ length: count }, (_, k) => k).sort((a, b) =>
      order.compare(name(a), name(b)),
    );
    this.state.network = id;
    this.#forget();
    const { target } = this.state;
    if (target !== undefined && target >= count) this.state.target = undefined;
    this.#fitLayer(network);
  }

  #fitLayer(network: NetworkSummary): void {
    if (!this.keepsLayer(network, this.state.layer)) this.state.layer = '';
  }

  /** Where a picture comes from, if it was made here. */
  async #origin(blob: Blob): Promise<string> {
    const made = await recipeFromFile(blob).catch(() => undefined);
    if (!made) return '';
    const { label, network } = made;
    return (
      `This picture was made here, to fool ${this.networks.titleOf(network)}, ` +
      `which took the one it was made from for ${this.nameOf(label)}. What it says to it now is below “Original”.`
    );
  }

  /** What was made of another image or network is of no use. */
  #forget(): void {
    this.run?.stop();
    this.run = undefined;
    this.finished = undefined;
    this.original = undefined;
    this.#result?.[Symbol.dispose]();
    this.#result = undefined;
  }

  /** Asks the network about the image, then attacks. */
  async #look(): Promise<void> {
    const { network, attacked: image } = this;
    if (!network || image === undefined) return;
    const seen = await this.tasks.run(
      'look',
      async (options) => {
        const request = { network: network.handle, image, layers: [], scores: true };
        const { crop, logits } = await this.session.run('activations', request, options);
        this.original = { picture: crop, logits: logits! };
      },
      () => this.#look(),
    );
    if (!seen) return;
    if (this.#isPreset) this.#take(PRESETS[0]!);
    this.#isPreset = false;
    this.begin();
  }

  /** Changes the attack, and runs it. */
  choose(change: Partial<LabState>): void {
    Object.assign(this.state, change);
    this.begin();
  }

  /** Shows another tab. */
  show(tab: Tab): void {
    this.state.tab = tab;
    this.changed();
  }

  /** Chooses the layer whose maps are side by side. */
  showLayer(layer: string): void {
    this.state.layer = layer;
    this.layerChosen();
    this.changed();
  }

  /** Does what a preset says. */
  take(preset: Preset): void {
    this.#take(preset);
    this.begin();
  }

  #take({ attack, set, towards }: Preset): void {
    const { logits } = this.original ?? {};
    let target = towards === undefined ? undefined : this.names?.indexOf(towards);
    // A network without that class, or a picture of it, goes to another one.
    if (target !== undefined && (target < 0 || (logits && topClass(logits) === target))) {
      target = logits ? leastLikely(logits) : undefined;
    }
    Object.assign(this.state, { attack, set, target, defence: '', strength: '' });
  }

  /** The attack that is chosen. */
  #request(network: NetworkSummary, image: ImageId): AttackRequest {
    const { attack, set, target, seed = 1, defence, strength, knows } = this.state;
    const method = methodOf(attack);
    const settings = allSettings(method, set);
    return {
      network: network.handle,
      image,
      method: attack,
      settings,
      seed,
      ...(target === undefined || !method.towards ? {} : { target }),
      ...(defence === ''
        ? {}
        : {
            defence: {
              id: defence,
              adaptive: knows === 'yes',
              ...(strength === '' ? {} : { strength: Number(strength) }),
            },
          }),
    };
  }

  /** Attacks from the beginning. */
  begin(): void {
    const { network, original, attacked: image } = this;
    if (!network || !original || image === undefined) return this.changed();
    try {
      const before = this.run;
      const run = new AttackRun(
        this.session,
        this.#request(network, image),
        () => void this.#ran(run),
      );
      before?.stop();
      // The last picture stays until there is another.
      run.picture = before?.picture;
      run.logits = before?.logits;
      this.tasks.leave('page');
      this.run = run;
      void run.go();
    } catch (error) {
      this.fail(error);
    }
    this.changed();
  }

  async #ran(run: AttackRun): Promise<void> {
    if (this.run === run && run.answer && this.finished !== run) {
      const { width, height, data } = run.answer.file.picture;
      // The worker's buffers come to the page: a copy goes back, as the picture is still shown.
      const pixels = { width, height, data: data.slice() };
      const result = await this.session.openImage({ pixels }).catch((error: unknown) => {
        this.fail(error);
      });
      if (this.run !== run) result?.[Symbol.dispose]();
      else {
        this.#result?.[Symbol.dispose]();
        this.#result = result ?? undefined;
        this.finished = run;
        announce(inWords(this).headline);
      }
    }
    this.changed();
  }

  /** Stops the attack; what there is stays. */
  stop(): void {
    this.run?.stop();
    this.changed();
  }

  /** Opens another network. */
  async chooseNetwork(id: string): Promise<void> {
    await this.openNetwork(id, () => this.#look());
  }

  /** Opens a network from files. */
  async chooseNetworkFiles(files: readonly File[]): Promise<void> {
    await this.openFiles(files, () => {
      // Another file of the same name may have been open beside the one before.
      const { network } = this.state;
      this.#others.get(network)?.[Symbol.dispose]();
      this.#others.delete(network);
      return this.#look();
    });
  }

  /** Opens an image. */
  async chooseImage(choice: ImageSelectEvent['choice']): Promise<void> {
    if (choice.kind !== 'camera') await this.openImage(choice, () => this.#look());
  }

  /** The pictures that attacks are measured on. */
  async pictures(): Promise<PictureSet> {
    return (this.set ??= await PictureSet.samples());
  }

  /** Measures on a visitor's pictures from now on; on the samples without files. */
  async choosePictures(files: readonly File[]): Promise<void> {
    await this.tasks.run('set', async ({ signal }) => {
      const { fileSet } = await import('@convlens/elements/image-set.js');
      const next =
        files.length === 0
          ? await PictureSet.samples()
          : await PictureSet.files(await fileSet(files), signal);
      this.set?.dispose();
      this.set = next;
    });
  }

  /** The recipe of the last attack. */
  recipe(): AttackRecipe | undefined {
    const { finished, answer } = this;
    if (!finished || !answer) return undefined;
    const { method, target, seed, defence } = finished.request;
    const { network } = this.state;
    const sha256 = this.networks.version(network);
    return recipe({
      network,
      ...(sha256 === undefined ? {} : { sha256 }),
      image: this.state.image,
      attack: method,
      settings: answer.settings,
      label: answer.label,
      ...(target === undefined ? {} : { target }),
      seed,
      ...(defence ? { defence } : {}),
    });
  }

  /** Follows a recipe from a file: JSON, or a PNG that was saved here. */
  async takeRecipe(file: Blob): Promise<void> {
    await this.tasks.run('recipe', async () => {
      const followed = await recipeFromFile(file);
      const { network, image } = followed;
      if (!this.networks.has(network)) {
        throw new LensError(
          'E_RECIPE',
          `The recipe is for the network "${network}", which is not open here. Open it first; nothing was changed.`,
        );
      }
      const state = stateOf(followed);
      if (network !== this.state.network && !(await this.openNetwork(network))) return;
      const known = this.samples.some(({ id }) => id === image);
      if (known && image !== this.state.image) {
        await this.openImage({ kind: 'sample', id: image });
      }
      Object.assign(this.state, state);
      await this.#look();
      if (!known)
        this.notice = 'The recipe was made with another picture; it is done with this one.';
    });
  }

  /** Ends everything under way. */
  override cancel(): void {
    this.run?.stop();
    super.cancel();
  }

  /** Takes the failure or the notice off the page. */
  override dismiss(): void {
    if (this.run && !super.problem) this.run.error = undefined;
    super.dismiss();
  }

  /** Ends everything, and gives everything back. */
  override [Symbol.dispose](): void {
    this.run?.stop();
    this.set?.dispose();
    super[Symbol.dispose]();
  }
}
