import { strongestPlaces, type Projection, type Ranking, type StrongPlace } from '@convlens/core';
import type { LayerSummary, NetworkSummary } from '@convlens/engine';
import { fileSet, sampleSet, type ImageSet, type SetImage } from '@convlens/elements/image-set.js';
import { previewOf } from './preview.js';
import { announce, asError, type TaskOptions } from '@convlens/elements';
import type { ViewerModel } from './viewer-model.js';

/** What is searched for: a viewer, or as much of one. */
export type SearchParts = Pick<
  ViewerModel,
  | 'aspect'
  | 'backward'
  | 'chooseImage'
  | 'layer'
  | 'live'
  | 'network'
  | 'refreshPatches'
  | 'session'
  | 'show'
  | 'state'
  | 'tasks'
>;

/** Images ranked in one call: what a cancelled call loses, and what a page sends at a time. */
const BATCH = 8;
/** Pictures of images that are kept for drawing patches, and their longest side in pixels. */
const PICTURES_CACHED = 32;
const PICTURE_SIDE = 384;

/** How far the search of one layer is. */
interface LayerSearch {
  readonly layer: LayerSummary;
  ranking: Ranking | undefined;
  /** Images looked at. */
  done: number;
  readonly unreadable: { readonly name: string; readonly message: string }[];
  /** Stopped by the person or by a failure: it goes on when told to. */
  stopped: boolean;
}

/** One of the strongest patches of a channel. */
export interface Patch extends StrongPlace {
  readonly channel: number;
  /** Of its image, for people. */
  readonly name: string;
  /** The image, as much of it as the network sees. */
  picture?: HTMLCanvasElement;
  projection?: Projection;
}

/**
 * The search for the strongest patches: every layer's ranking over the image set, and the patches of the channel that
 * is shown. All channels of a layer are ranked at once, so that another channel is there immediately.
 */
export class PatchSearch {
  readonly #model: SearchParts;
  readonly #changed: () => void;
  #searches = new WeakMap<NetworkSummary, Map<string, LayerSearch>>();
  readonly #pictures = new Map<SetImage, HTMLCanvasElement>();
  #search: LayerSearch | undefined;
  #network: NetworkSummary | undefined;
  #running = false;
  /** What `patches` are of. */
  #shown: LayerSearch | undefined;
  #drawn = '';
  set: ImageSet | undefined;
  /** The patches of the channel that is shown, strongest first. */
  patches: readonly Patch[] = [];
  channel = 0;
  /** Counts changes. */
  revision = 0;
  /** Images looked at while a batch is under way. */
  looked = 0;

  /**
   * @param model what is open
   * @param changed called after every change
   */
  constructor(model: SearchParts, changed: () => void) {
    this.#model = model;
    this.#changed = () => {
      this.revision++;
      changed();
    };
  }

  /** True while the camera leaves no time for a search. */
  get isWaiting(): boolean {
    return this.#model.live?.camera !== undefined;
  }

  /** How patches are carried back. */
  get rule(): Projection['rule'] {
    return this.#model.state.rule;
  }

  /** Height and width of the network's input. */
  get inputSize(): readonly [height: number, width: number] {
    const [, height = 1, width = 1] = this.#model.network?.input.shape ?? [];
    return [height, width];
  }

  /** True when channel 0 of the input is blue. */
  get blueFirst(): boolean {
    return this.#model.network?.preprocessing.channelOrder === 'BGR';
  }

  /** The layer that is searched. */
  get layer(): LayerSummary | undefined {
    return this.#search?.layer;
  }

  /** Whether the search of the layer is under way, was stopped, or is over. */
  get status(): 'searching' | 'stopped' | 'done' {
    const search = this.#search;
    if (search && search.done >= (this.set?.images.length ?? 0)) return 'done';
    return search?.stopped ? 'stopped' : 'searching';
  }

  /** Images that were left out, and why. */
  get unreadable(): LayerSearch['unreadable'] {
    return this.#search?.unreadable ?? [];
  }

  /**
   * Looks into the visitor's files, folders or archives from now on; into the samples when nothing is given.
   *
   * @returns whether there are images in them
   */
  async choose(
    files: readonly File[] = [],
    folders: readonly FileSystemDirectoryEntry[] = [],
  ): Promise<boolean> {
    const chosen = await this.#model.tasks.run('image-set', async () => {
      const samples = files.length + folders.length === 0;
      const set = samples ? await sampleSet() : await fileSet(files, folders);
      this.pause();
      this.set = set;
      this.#searches = new WeakMap();
      this.#search = undefined;
      this.patches = [];
      this.#pictures.clear();
      announce(`Looking for patches in ${set.title}.`);
    });
    if (chosen) this.#model.refreshPatches();
    return chosen;
  }

  /** Searches and draws what the model shows now. */
  refresh(): void {
    const { network, layer } = this.#model;
    if (!network || !layer) return;
    if (!this.set) {
      void this.choose();
      return;
    }
    if (this.#search?.layer !== layer || this.#network !== network) {
      this.#model.tasks.leave('patches');
      this.#network = network;
      this.#search = this.#searchOf(network, layer);
      this.looked = this.#search.done;
    }
    if (!this.#running && !this.#search.stopped && this.status !== 'done') {
      void this.#run(network, this.#search, this.set);
    }
    this.#show(network, this.#search, this.set);
  }

  /** Carries patches back by another rule. */
  chooseRule(rule: Projection['rule']): void {
    this.#model.show({ rule });
  }

  /** Stops the search; what was found stays. */
  stop(): void {
    if (this.#search && this.#running) this.#search.stopped = true;
    this.#model.tasks.leave('patches');
  }

  /** Goes on where the search was stopped. */
  goOn(): void {
    if (this.#search) this.#search.stopped = false;
    this.refresh();
  }

  /** Stops until `refresh` is called again. */
  pause(): void {
    this.#model.tasks.leave('patches');
    this.#model.tasks.leave('patch-pictures');
    this.#drawn = '';
    this.#changed();
  }

  /** Opens a patch's image in the viewer, with its unit pinned. */
  async open({ image, channel, row, column }: Patch): Promise<void> {
    const source = this.set?.images[image];
    if (!source) return;
    Object.assign(this.#model.state, { channel, row, column });
    const { name, sample } = source;
    if (sample !== undefined) return this.#model.chooseImage({ kind: 'sample', id: sample });
    const file = await source.load(new AbortController().signal);
    await this.#model.chooseImage({ kind: 'file', file, name });
  }

  #searchOf(network: NetworkSummary, layer: LayerSummary): LayerSearch {
    const known = this.#searches.get(network) ?? new Map<string, LayerSearch>();
    this.#searches.set(network, known);
    const search: LayerSearch = known.get(layer.id) ?? {
      layer,
      ranking: undefined,
      done: 0,
      unreadable: [],
      stopped: false,
    };
    known.set(layer.id, search);
    return search;
  }

  async #run(network: NetworkSummary, search: LayerSearch, set: ImageSet): Promise<void> {
    this.#running = true;
    const work = async ({ signal, onProgress }: TaskOptions): Promise<void> => {
      while (search.done < set.images.length) {
        const start = search.done;
        const part = set.images.slice(start, start + BATCH);
        const files = await Promise.all(
          part.map((source) => source.load(signal).catch((error: unknown) => asError(error))),
        );
        const answer = await this.#model.session.run(
          'rankImages',
          {
            network: network.handle,
            layer: search.layer.id,
            images: files.flatMap((blob, i) =>
              blob instanceof Blob ? [{ index: start + i, blob }] : [],
            ),
            ...(search.ranking && { ranking: search.ranking }),
          },
          {
            signal,
            onProgress: (progress) => {
              if (progress.stage !== 'run') onProgress(progress);
              this.looked = start + (progress.loaded ?? 0);
              this.#changed();
            },
          },
        );
        search.ranking = answer.ranking;
        search.done = this.looked = start + part.length;
        const problems = [
          ...files.flatMap((file, i) =>
            file instanceof Blob ? [] : [{ index: start + i, message: file.message }],
          ),
          ...answer.unreadable,
        ];
        problems.sort((a, b) => a.index - b.index);
        for (const { index, message } of problems) {
          search.unreadable.push({ name: set.images[index]!.name, message });
        }
        if (this.#search === search) this.#show(network, search, set);
      }
    };
    const ended = await this.#model.tasks.run('patches', work);
    this.#running = false;
    this.looked = this.#search?.done ?? 0;
    if (this.#model.tasks.problemOf('patches')) search.stopped = true;
    if (ended && this.#search === search) announce(`Looked at ${set.images.length} images.`);
    this.#model.refreshPatches();
    this.#changed();
  }

  /** Draws the patches of the channel that is shown: pictures at once, projections when the search rests. */
  #show(network: NetworkSummary, search: LayerSearch, set: ImageSet): void {
    const { channel = 0 } = this.#model.backward ?? {};
    const { rule } = this.#model.state;
    const places = search.ranking ? strongestPlaces(search.ranking, channel) : [];
    const key = JSON.stringify([channel, rule, places, this.#running]);
    if (key === this.#drawn && this.#shown === search) return;
    const before = this.#shown === search && this.channel === channel ? this.patches : [];
    this.#drawn = key;
    this.#shown = search;
    this.channel = channel;
    const patches = places.map((place): Patch => {
      const { image, row, column } = place;
      const name = set.images[image]!.name;
      const known = before.find(
        (one) => one.image === image && one.row === row && one.column === column,
      );
      const { picture, projection } = known ?? {};
      return {
        ...place,
        channel,
        name,
        ...(picture && { picture }),
        ...(projection?.rule === rule && known?.value === place.value && { projection }),
      };
    });
    this.patches = patches;
    this.#changed();
    void this.#model.tasks.run('patch-pictures', async ({ signal }) => {
      for (const patch of patches) {
        patch.picture ??= await this.#picture(set.images[patch.image]!, signal);
        if (signal.aborted) return;
        this.#changed();
      }
      if (this.#running) return;
      for (const patch of patches) {
        patch.projection ??= await this.#project(network, search.layer, patch, set, signal);
        this.#changed();
      }
    });
  }

  async #picture(source: SetImage, signal: AbortSignal): Promise<HTMLCanvasElement> {
    const kept = this.#pictures.get(source);
    const picture =
      kept ?? (await previewOf(await source.load(signal), this.#model.aspect ?? 1, PICTURE_SIDE));
    // Taken out and put back, so that the oldest comes first.
    this.#pictures.delete(source);
    this.#pictures.set(source, picture);
    const [oldest] = this.#pictures.keys();
    if (oldest && this.#pictures.size > PICTURES_CACHED) this.#pictures.delete(oldest);
    return picture;
  }

  async #project(
    network: NetworkSummary,
    layer: LayerSummary,
    { image, channel, row, column }: Patch,
    set: ImageSet,
    signal: AbortSignal,
  ): Promise<Projection> {
    const target = { kind: 'neuron', layer: layer.id, channel, row, column } as const;
    const { projections } = await this.#model.session.run(
      'projections',
      {
        network: network.handle,
        image: await set.images[image]!.load(signal),
        target,
        rules: [this.#model.state.rule],
      },
      { signal },
    );
    return projections[0]!;
  }
}
