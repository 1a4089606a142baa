import { presets, visualizeRecipe } from '@convlens/core';
import type { Pixels } from '@convlens/data';
import type { EngineSession, ImageId, LayerSummary, NetworkSummary } from '@convlens/engine';

/** Pictures that are made at once. */
const AT_ONCE = 8;
/** Steps a picture: enough to tell units apart. */
const STEPS = 64;

/**
 * Pictures of all units of a layer, made a few at a time: those first that answer most to the current image. What was
 * made stays when it is stopped, and it goes on where it was.
 */
export class Sheet {
  readonly layer: string;
  /** Units in the order in which they are made. */
  units: readonly number[] = [];
  readonly pictures = new Map<number, Pixels>();
  readonly #engine: EngineSession;
  readonly #network: NetworkSummary;
  readonly #image: ImageId | undefined;
  readonly #changed: () => void;
  #abort: AbortController | undefined;
  /** Counts new pictures. */
  revision = 0;

  /**
   * @param engine of the element
   * @param network the network
   * @param layer whose units are shown
   * @param image says which units come first; the first ones when there is none
   * @param changed called after every change
   */
  constructor(
    engine: EngineSession,
    network: NetworkSummary,
    layer: LayerSummary,
    image: ImageId | undefined,
    changed: () => void,
  ) {
    this.#engine = engine;
    this.#network = network;
    this.layer = layer.id;
    this.#image = image;
    this.#changed = changed;
    this.units = Array.from({ length: layer.shape[0] ?? 0 }, (_, unit) => unit);
  }

  /** True while pictures are being made. */
  get busy(): boolean {
    return this.#abort !== undefined;
  }

  /** Units that have a picture. */
  get done(): number {
    return this.units.filter((unit) => this.#finished.has(unit)).length;
  }

  readonly #finished = new Set<number>();

  /**
   * Makes the pictures that are missing.
   *
   * @throws LensError as the engine does
   */
  async go(): Promise<void> {
    if (this.#abort) return;
    const abort = (this.#abort = new AbortController());
    this.#changed();
    try {
      if (this.#finished.size === 0) await this.#order();
      const [preset] = presets(this.#network);
      while (!abort.signal.aborted) {
        const next = this.units.filter((unit) => !this.#finished.has(unit)).slice(0, AT_ONCE);
        if (next.length === 0) break;
        const goals = next.map((channel) => [
          { kind: 'channel', layer: this.layer, channel } as const,
        ]);
        const recipe = { ...visualizeRecipe(this.#network.id, goals, preset!), steps: STEPS };
        const show = (pictures: readonly Pixels[]): void => {
          next.forEach((unit, i) => this.pictures.set(unit, pictures[i]!));
          this.revision++;
          this.#changed();
        };
        const { frame } = await this.#engine.run(
          'recipe',
          { network: this.#network.handle, recipe, frameMs: 200, stateMs: Infinity },
          { signal: abort.signal, onFrame: ({ pictures }) => show(pictures) },
        );
        for (const unit of next) this.#finished.add(unit);
        show(frame.pictures);
      }
    } catch (error) {
      if (!abort.signal.aborted) throw error;
    } finally {
      if (this.#abort === abort) this.#abort = undefined;
      this.#changed();
    }
  }

  /** Stops; what was made stays. */
  stop(): void {
    this.#abort?.abort();
    this.#abort = undefined;
  }

  async #order(): Promise<void> {
    if (this.#image === undefined) return;
    const request = { network: this.#network.handle, image: this.#image, layers: [this.layer] };
    const { layers } = await this.#engine.run('activations', request);
    const strengths = layers[0]?.statistics.channelHigh;
    if (!strengths) return;
    this.units = [...this.units].sort((a, b) => strengths[b]! - strengths[a]!);
  }
}
