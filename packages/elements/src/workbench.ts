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

/** What an app does with what is opened on its workbench. */
export interface WorkbenchOptions {
  /** Called after every change. */
  readonly changed: () => void;
  /** Told of every failure. */
  readonly failed?: ((problem: Problem) => void) | undefined;
  /** What is said when another worker has taken over, after the reason. */
  readonly recovered?: string;
  /**
   * Refuses a network that the app has no use for.
   *
   * @throws LensError
   */
  readonly accept?: (network: NetworkSummary) => void;
  /**
   * Called between the opening of a network and its taking the place of the one before: the state is made to fit it.
   *
   * @param id under which it is in the list
   */
  readonly opened?: (network: NetworkSummary, id: string) => void | Promise<void>;
  /** The same for an image. */
  readonly openedImage?: (image: OpenImage) => void | Promise<void>;
}

/**
 * What every app has open: one network, one image, the backend, what is under way and what has failed. Everything that fails
 * leaves what was there before; what is replaced is given back when the new one is there.
 */
export class Workbench implements Disposable {
  readonly session: EngineSession;
  readonly tasks: Tasks;
  readonly networks = new NetworkList();
  readonly #options: WorkbenchOptions;
  readonly #forget: () => void;
  samples: readonly Sample[] = [];
  image: OpenImage | undefined;
  /** Something worth knowing that is no failure: the backend changed after a crash. */
  notice = '';
  #network: NetworkHandle | undefined;
  #source: NetworkSource | undefined;

  /**
   * @param session of the element
   * @param engine tells when another worker has taken over
   * @param options what the app does with what is opened
   */
  constructor(session: EngineSession, engine: EventTarget, options: WorkbenchOptions) {
    this.session = session;
    this.#options = options;
    this.tasks = new Tasks(options.changed, options.failed);
    const recovered = (event: Event): void => {
      const { reason } = event as EngineRecoveredEvent;
      this.notice = `${reason} ${options.recovered ?? 'Another one has taken over; nothing is lost.'}`;
      options.changed();
    };
    engine.addEventListener('recovered', recovered);
    this.#forget = () => engine.removeEventListener('recovered', recovered);
  }

  /** The open network. */
  get network(): NetworkSummary | undefined {
    return this.#network?.summary;
  }

  /** Names of its classes. */
  get names(): readonly string[] | undefined {
    return this.network?.classes;
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

  /** Loads the lists of networks and of sample pictures. One that fails keeps nobody from the other. */
  async lists(): Promise<void> {
    await Promise.all([
      this.tasks.run('list', async () => {
        await this.networks.load();
        this.#options.changed();
      }),
      this.tasks.run('samples', async () => {
        this.samples = await samples();
        this.#options.changed();
      }),
    ]);
  }

  /**
   * Opens a network of the list.
   *
   * @param id of it
   * @param then what follows once it is open, also where it is open only after “Try again”
   * @returns whether it is open
   */
  openNetwork(id: string, then?: () => unknown): Promise<boolean> {
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
  async openFiles(files: readonly File[], then?: () => unknown): Promise<boolean> {
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
  async openAgain(
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
          this.#options.accept?.(handle.summary);
          await this.#options.opened?.(handle.summary, id);
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
  async openImage(
    choice: Exclude<ImageSelectEvent['choice'], { kind: 'camera' }>,
    then: () => unknown = () => undefined,
  ): Promise<boolean> {
    const opened = await this.tasks.run(
      'image',
      async (options) => {
        if (this.samples.length === 0 && choice.kind === 'sample') this.samples = await samples();
        const { source, title, sample } = await chosenImage(choice, this.samples, options.signal);
        const handle = await this.session.openImage({ what: title, ...source }, options);
        const image = { handle, title, sample, source };
        try {
          await this.#options.openedImage?.(image);
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
  closeImage(): void {
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
