import type {
  BackendChoice,
  BackendReport,
  EngineRecoveredEvent,
  EngineSession,
  ImageHandle,
  NetworkHandle,
  NetworkSource,
  NetworkSummary,
  Progress,
} from '@convlens/engine';
import { LensError } from '@convlens/onnx';
import { announce } from './announcer.js';
import { samples, type Sample } from './catalogue.js';
import { chosenImage, type ChosenImage } from './chosen-image.js';
import type { ImageSelectEvent } from './events.js';
import { NetworkList } from './network-list.js';
import { fileSource } from './sources.js';
import { asError, Tasks, type Problem } from './tasks.js';

/** An image that is open. */
export interface OpenImage extends Pick<ChosenImage, 'title' | 'sample'> {
  readonly handle: ImageHandle;
  /** The file, where it is a person's own; or where the sample is. */
  readonly source: ChosenImage['source'];
}

/** Where a workbench stands. */
export interface WorkbenchPlace<S> {
  /** The element's part of the engine; another one each time it is asked for. */
  readonly session: EngineSession;
  /** Tells when another worker has taken over. */
  readonly engine: EventTarget;
  /** What is chosen. */
  readonly state: S;
  /** Called after every change. */
  readonly changed: () => void;
  /** Told of every failure. */
  readonly failed?: ((problem: Problem) => void) | undefined;
}

/**
 * What every app has open: one network, one image, the backend, what is under way and what has failed. Everything that fails
 * leaves what was there before; what is replaced is given back when the new one is there. An app adds what it does with them.
 */
export abstract class Workbench<S> implements Disposable {
  readonly session: EngineSession;
  readonly state: S;
  readonly tasks: Tasks;
  readonly networks = new NetworkList();
  protected readonly changed: () => void;
  readonly #forget: () => void;
  samples: readonly Sample[] = [];
  image: OpenImage | undefined;
  /** Said when another worker has taken over, after the reason. */
  protected readonly recovered: string = 'Another one has taken over; nothing is lost.';
  #network: NetworkHandle | undefined;
  #source: NetworkSource | undefined;
  /** A layer that a link or an attribute has named, and that no person has chosen since. */
  #wishedLayer: string | undefined;
  #notice = '';

  /** @param place where it stands */
  constructor({ session, engine, state, changed, failed }: WorkbenchPlace<S>) {
    this.session = session;
    this.state = state;
    this.changed = changed;
    this.tasks = new Tasks(changed, failed);
    const recovered = (event: Event): void => {
      this.notice = `${(event as EngineRecoveredEvent).reason} ${this.recovered}`;
    };
    engine.addEventListener('recovered', recovered);
    this.#forget = () => engine.removeEventListener('recovered', recovered);
  }

  /**
   * Refuses a network that the app has no use for.
   *
   * @throws LensError
   */
  protected accept?(network: NetworkSummary): void;

  /**
   * Makes the state fit a network before it takes the place of the one before.
   *
   * @param id under which it is in the list
   */
  protected abstract settle(network: NetworkSummary, id: string): void | Promise<void>;

  /** Makes the state fit an image before it takes the place of the one before. */
  protected abstract settleImage(image: OpenImage): void | Promise<void>;

  /** The open network. */
  get network(): NetworkSummary | undefined {
    return this.#network?.summary;
  }

  /** Names of its classes. */
  get names(): readonly string[] | undefined {
    return this.network?.classes;
  }

  /** Name of the current image for people. */
  get imageTitle(): string {
    return this.image?.title ?? '';
  }

  /** The backend that works, or did last. */
  get backend(): BackendReport | undefined {
    return this.session.backend;
  }

  /** The failure that is shown. */
  get problem(): Problem | undefined {
    return this.tasks.problem;
  }

  /** What is under way, by task. */
  get busy(): ReadonlyMap<string, Progress> {
    return this.tasks.busy;
  }

  /** Something worth knowing that is no failure: the backend changed after a crash. */
  get notice(): string {
    return this.#notice;
  }

  /** Says something that is no failure. */
  set notice(text: string) {
    this.#notice = text;
    this.changed();
  }

  /** Notes that a link or an attribute has named a layer. */
  protected wishLayer(layer: string): void {
    this.#wishedLayer = layer;
  }

  /** Notes that a layer was chosen by hand: one that was missed is missed no more. */
  protected layerChosen(): void {
    this.#wishedLayer = undefined;
    this.tasks.leave('layer');
  }

  /**
   * Whether a layer stays the chosen one in a network. One that was asked for by name and is not there does, and is missed in words;
   * any other that is not there gives way to one of the network's.
   *
   * @param network the network
   * @param layer its id
   */
  protected keepsLayer({ layers, title }: NetworkSummary, layer: string): boolean {
    this.tasks.leave('layer');
    if (layers.some(({ id }) => id === layer)) {
      this.#wishedLayer = undefined;
      return true;
    }
    if (layer === '' || layer !== this.#wishedLayer) return false;
    const known = layers.filter(({ main }) => main).map(({ id }) => id);
    const missing = `${title} has no layer "${layer}". Its main layers are ${known.join(', ')}.`;
    this.tasks.fail(new LensError('E_LAYER_UNKNOWN', missing), 'layer');
    return true;
  }

  /**
   * Loads the lists of networks and of sample pictures. One that fails keeps nobody from the other.
   *
   * @param then what follows once the samples are there, also where they are there only after “Try again”
   */
  protected async lists(then: () => unknown): Promise<void> {
    const list = this.tasks.run('list', async () => {
      await this.networks.load();
      this.changed();
    });
    await this.#loadSamples(then);
    await list;
  }

  async #loadSamples(then: () => unknown): Promise<void> {
    const loaded = await this.tasks.run(
      'samples',
      async () => {
        this.samples = await samples();
        this.changed();
      },
      () => this.#loadSamples(then),
    );
    if (loaded) await then();
  }

  /**
   * Opens a network of the list.
   *
   * @param id of it
   * @param then what follows once it is open, also where it is open only after “Try again”
   * @returns whether it is open
   */
  protected openNetwork(id: string, then?: () => unknown): Promise<boolean> {
    return this.#open(
      id,
      async () => {
        // The list could not be had before: it is part of this network's opening.
        if (this.networks.entries.length === 0) await this.networks.load();
        return this.networks.source(id);
      },
      then,
    );
  }

  /**
   * Opens a network from files, which joins the list once it is open; files beside it hold its external weights.
   *
   * @param files what was chosen
   * @param then as `openNetwork`
   */
  protected async openFiles(files: readonly File[], then?: () => unknown): Promise<boolean> {
    const source = fileSource(files);
    if (!source) return false;
    return this.#open(source.id, () => Promise.resolve(source), then);
  }

  /**
   * Opens the network again with something else known of it.
   *
   * @param knowledge what differs
   * @param then as `openNetwork`
   */
  protected async openAgain(
    knowledge: NonNullable<NetworkSource['knowledge']>,
    then?: () => unknown,
  ): Promise<boolean> {
    const source = this.#source;
    if (!source) return false;
    const other = { ...source, knowledge: { ...source.knowledge, ...knowledge } };
    return this.#open(source.id, () => Promise.resolve(other), then);
  }

  async #open(
    id: string,
    find: () => Promise<NetworkSource>,
    then: () => unknown = () => undefined,
  ): Promise<boolean> {
    const again = (): Promise<boolean> => this.#open(id, find, then);
    const opened = await this.tasks.run(
      'network',
      async (options) => {
        const source = await find();
        const handle = await this.session.openNetwork(source, options);
        try {
          this.accept?.(handle.summary);
          await this.settle(handle.summary, id);
          if (options.signal.aborted) throw new LensError('E_ABORTED', 'Cancelled.');
        } catch (error) {
          handle[Symbol.dispose]();
          throw error;
        }
        const before = this.#network;
        this.#network = handle;
        this.#source = source;
        if (source.blob) this.networks.add(source);
        before?.[Symbol.dispose]();
        const { title, layers } = handle.summary;
        announce(`${title}, ${layers.length} layers.`);
      },
      again,
    );
    if (opened) await then();
    return opened;
  }

  /**
   * Opens an image.
   *
   * @param choice a sample, a file or an address
   * @param then what follows once it is open, also where it is open only after “Try again”
   * @returns whether it is open
   */
  protected async openImage(
    choice: Exclude<ImageSelectEvent['choice'], { kind: 'camera' }>,
    then: () => unknown = () => undefined,
  ): Promise<boolean> {
    const opened = await this.tasks.run(
      'image',
      async (options) => {
        const { source, title, sample } = await chosenImage(choice, this.samples, options.signal);
        const handle = await this.session.openImage({ what: title, ...source }, options);
        const image = { handle, title, sample, source };
        try {
          await this.settleImage(image);
          if (options.signal.aborted) throw new LensError('E_ABORTED', 'Cancelled.');
        } catch (error) {
          handle[Symbol.dispose]();
          throw error;
        }
        this.image?.handle[Symbol.dispose]();
        this.image = image;
        announce(`Image: ${title}.`);
      },
      () => this.openImage(choice, then),
    );
    if (opened) await then();
    return opened;
  }

  /** Lets go of the image: frames of the camera are shown instead. */
  protected closeImage(): void {
    this.image?.handle[Symbol.dispose]();
    this.image = undefined;
  }

  /**
   * Chooses the backend.
   *
   * @param choice a backend, or the best
   * @param then what follows
   */
  async chooseBackend(choice: BackendChoice, then: () => unknown = () => undefined): Promise<void> {
    this.notice = '';
    const chosen = await this.tasks.run(
      'backend',
      async (options) => {
        const report = await this.session.useBackend(choice, options);
        if (choice !== 'auto' && report.backend !== choice) this.notice = report.reason;
      },
      () => this.chooseBackend(choice, then),
    );
    if (chosen) await then();
  }

  /** Shows a failure that belongs to no task. */
  fail(error: unknown): void {
    this.tasks.fail(asError(error), 'page');
  }

  /** Takes the failure or the notice off the page. */
  dismiss(): void {
    this.notice = '';
    this.tasks.dismiss();
  }

  /** Cancels everything under way. */
  cancel(): void {
    this.tasks.cancel();
  }

  /** Ends everything, and gives everything back. */
  [Symbol.dispose](): void {
    this.tasks.cancel();
    this.#forget();
    this.session[Symbol.dispose]();
  }
}
