import { softmax, topClass } from '@convlens/core';
import type { Pixels } from '@convlens/data';
import {
  announce,
  asError,
  chosenImage,
  fileSource,
  NetworkList,
  samples,
  Tasks,
  type ImageSelectEvent,
  type Problem,
  type Sample,
} from '@convlens/elements';
import type {
  AttackJob,
  BackendChoice,
  EngineClient,
  LabAnswer,
  NetworkSummary,
  Progress,
} from '@convlens/engine';
import { LensError } from '@convlens/onnx';
import { AttackRun } from './attack-run.js';
import { allSettings, methodOf } from './parameters.js';
import { PictureSet } from './picture-set.js';
import { PRESETS, type Preset } from './presets.js';
import { recipe, recipeFromFile, stateOf, type AttackRecipe } from './recipe.js';
import type { LabState, Tab } from './state.js';
import { inWords } from './verdict.js';

/** Ids of the kept images: the one that is attacked, and what came of it. */
export const IMAGE = 'lab-image';
export const RESULT = 'lab-result';

/** What the network is shown, and what it says to it. */
export interface Seen {
  readonly picture: Pixels;
  readonly logits: Float32Array;
}

/** A network of the list, opened. */
export interface OpenedNetwork {
  readonly summary: NetworkSummary;
  readonly names: readonly string[] | undefined;
}

/** The lab without its looks. Everything that fails leaves what was there before. */
export class LabModel {
  readonly engine: EngineClient;
  readonly state: LabState;
  readonly #changed: () => void;
  readonly #tasks: Tasks;
  readonly networks = new NetworkList();
  samples: readonly Sample[] = [];
  network: NetworkSummary | undefined;
  names: readonly string[] | undefined;
  imageTitle = '';
  /** The image before it is attacked. */
  original: Seen | undefined;
  run: AttackRun | undefined;
  /** The last attack that came to its end, on this image and network. */
  finished: AttackRun | undefined;
  set: PictureSet | undefined;
  notice = '';
  readonly #opened = new Map<string, OpenedNetwork>();

  /**
   * @param engine the worker's client
   * @param state what is chosen; the model changes it
   * @param changed called after every change
   */
  constructor(engine: EngineClient, state: LabState, changed: () => void) {
    this.engine = engine;
    this.state = state;
    this.#changed = changed;
    this.#tasks = new Tasks(['look'], changed, () => {
      if (this.original) this.begin();
      else void this.#look();
    });
    engine.addEventListener('recovered', (event) => {
      this.notice = `${(event as Event & { reason?: string }).reason ?? ''} Another one has begun anew.`;
      this.#changed();
    });
  }

  /** The last failure. */
  get problem(): Problem | undefined {
    if (this.#tasks.problem) return this.#tasks.problem;
    const { error } = this.run ?? {};
    if (!error) return undefined;
    return { code: error.code, message: error.message, task: 'run', retry: () => this.begin() };
  }

  /** What is under way, by task. */
  get busy(): ReadonlyMap<string, Progress> {
    return this.#tasks.busy;
  }

  /** What came of the last attack that came to its end. */
  get answer(): LabAnswer<'attack'> | undefined {
    return this.finished?.answer;
  }

  /** All classes of the open network, in the order of their names. */
  classes: readonly number[] = [];

  /** The name of a class of the open network. */
  nameOf(index: number): string {
    return this.names?.[index] ?? `class ${index}`;
  }

  /** Opens what the state says, and attacks. */
  async open(preset: boolean): Promise<void> {
    await this.#tasks.run('open', async () => {
      [, this.samples] = await Promise.all([this.networks.load(), samples()]);
      this.#changed();
    });
    // A link may name a picture that is not here, or none where it was the visitor's own.
    const known = this.samples.some(({ id }) => id === this.state.image);
    if (!known && this.samples[0]) this.state.image = this.samples[0].id;
    const [network, image] = await Promise.all([
      this.#openNetwork(this.state.network),
      this.#openImage({ kind: 'sample', id: this.state.image }),
    ]);
    if (!network || !image) return;
    if (preset) this.#take(PRESETS[0]!);
    await this.#look();
  }

  /** Opens a network of the list, without choosing it. */
  async opened(id: string, options: { signal?: AbortSignal } = {}): Promise<OpenedNetwork> {
    const open = this.#opened.get(id);
    if (open) return open;
    const summary = await this.engine.openNetwork(await this.networks.source(id), options);
    const opened = { summary, names: summary.classes };
    this.#opened.set(id, opened);
    return opened;
  }

  async #openNetwork(id: string): Promise<boolean> {
    return this.#tasks.run('network', async (options) => {
      const { summary, names } = await this.opened(id, options);
      if (!summary.logits || summary.logits.classes < 2) {
        throw new LensError(
          'E_ARGUMENT',
          `Expected a network with at least two classes to fool, but ${summary.title} has ` +
            `${summary.logits ? 'one' : 'none'}. Choose a classifier.`,
        );
      }
      this.network = summary;
      this.names = names;
      const name = new Intl.Collator('en', { numeric: true });
      this.classes = Array.from({ length: summary.logits.classes }, (_, k) => k).sort((a, b) =>
        name.compare(this.nameOf(a), this.nameOf(b)),
      );
      this.state.network = id;
      this.#forget();
      const { target } = this.state;
      if (target !== undefined && target >= summary.logits.classes) this.state.target = undefined;
      if (!summary.layers.some((layer) => layer.id === this.state.layer)) this.state.layer = '';
    });
  }

  async #openImage(choice: ImageSelectEvent['choice']): Promise<boolean> {
    return this.#tasks.run('image', async (options) => {
      const { source, title, sample } = await chosenImage(choice, this.samples, options.signal);
      await this.engine.openImage({ id: IMAGE, ...source }, options);
      this.imageTitle = title;
      this.state.image = sample;
      this.#forget();
      this.notice = source.blob ? await this.#origin(source.blob) : '';
    });
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
  }

  /** Asks the network about the image, then attacks. */
  async #look(): Promise<void> {
    const { network } = this;
    if (!network) return;
    const seen = await this.#tasks.run('look', async (options) => {
      const request = { network: network.id, image: IMAGE, layers: [], scores: true };
      const { crop, logits } = await this.engine.activations(request, options);
      this.original = { picture: crop, logits: logits! };
    });
    if (seen) this.begin();
  }

  /** Changes the attack, and runs it. */
  choose(change: Partial<LabState>): void {
    Object.assign(this.state, change);
    this.begin();
  }

  /** Shows another tab. */
  show(tab: Tab): void {
    this.state.tab = tab;
    this.#changed();
  }

  /** Chooses the layer whose maps are side by side. */
  showLayer(layer: string): void {
    this.state.layer = layer;
    this.#changed();
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
  #request(network: NetworkSummary): AttackJob {
    const { attack, set, target, seed = 1, defence, strength, knows } = this.state;
    const method = methodOf(attack);
    const settings = allSettings(method, set);
    return {
      kind: 'attack',
      network: network.id,
      image: IMAGE,
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
    const { network, original } = this;
    if (!network || !original) return this.#changed();
    try {
      const before = this.run;
      const run = new AttackRun(this.engine, this.#request(network), () => void this.#ran(run));
      before?.stop();
      // The last picture stays until there is another.
      run.picture = before?.picture;
      run.logits = before?.logits;
      this.#tasks.problem = undefined;
      this.run = run;
      void run.go();
    } catch (error) {
      this.fail(error);
    }
    this.#changed();
  }

  async #ran(run: AttackRun): Promise<void> {
    if (this.run === run && run.answer && this.finished !== run) {
      const { width, height, data } = run.answer.file.picture;
      // The worker's buffers come to the page: a copy goes back, as the picture is still shown.
      const pixels = { width, height, data: data.slice() };
      await this.engine.openImage({ id: RESULT, pixels }).catch((error: unknown) => {
        this.fail(error);
      });
      if (this.run === run) {
        this.finished = run;
        announce(inWords(this).headline);
      }
    }
    this.#changed();
  }

  /** Stops the attack; what there is stays. */
  stop(): void {
    this.run?.stop();
    this.#changed();
  }

  /** Opens another network. */
  async chooseNetwork(id: string): Promise<void> {
    if (await this.#openNetwork(id)) await this.#look();
  }

  /** Opens a network from files. */
  async chooseNetworkFiles(files: readonly File[]): Promise<void> {
    const source = fileSource(files);
    if (!source) return;
    this.networks.add(source);
    this.#opened.delete(source.id);
    await this.chooseNetwork(source.id);
    if (this.problem?.task === 'network') this.networks.remove(source.id);
  }

  /** Opens an image. */
  async chooseImage(choice: ImageSelectEvent['choice']): Promise<void> {
    if (choice.kind !== 'camera' && (await this.#openImage(choice))) await this.#look();
  }

  /** The pictures that attacks are measured on. */
  async pictures(): Promise<PictureSet> {
    return (this.set ??= await PictureSet.samples());
  }

  /** Measures on a visitor's pictures from now on; on the samples without files. */
  async choosePictures(files: readonly File[]): Promise<void> {
    await this.#tasks.run('set', async ({ signal }) => {
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
    const { network, method, target, seed, defence } = finished.request;
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
    await this.#tasks.run('recipe', async () => {
      const followed = await recipeFromFile(file);
      const { network, image } = followed;
      if (!this.networks.has(network)) {
        throw new LensError(
          'E_RECIPE',
          `The recipe is for the network "${network}", which is not open here. Open it first; nothing was changed.`,
        );
      }
      const state = stateOf(followed);
      if (network !== this.state.network && !(await this.#openNetwork(network))) return;
      const known = this.samples.some(({ id }) => id === image);
      if (known && image !== this.state.image) await this.#openImage({ kind: 'sample', id: image });
      Object.assign(this.state, state);
      await this.#look();
      if (!known)
        this.notice = 'The recipe was made with another picture; it is done with this one.';
    });
  }

  /** Chooses the backend. */
  async chooseBackend(choice: BackendChoice): Promise<void> {
    await this.#tasks.run('backend', async (options) => {
      const report = await this.engine.useBackend(choice, options);
      if (choice !== 'auto' && report.backend !== choice) this.notice = report.reason;
    });
  }

  /** Ends everything under way. */
  cancel(): void {
    this.run?.stop();
    this.#tasks.cancel();
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

/** A class that a network finds unlikely, but not the least of all. */
function leastLikely(logits: Float32Array): number {
  const order = [...softmax(logits).keys()].sort((a, b) => logits[b]! - logits[a]!);
  return order[Math.min(order.length - 1, 10)]!;
}
