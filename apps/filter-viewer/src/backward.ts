import type { ViewerModel } from './viewer-model.js';
import { projectionRules, type Target } from '@convlens/core';
import type { Attribution, ImageId, NetworkSummary, Projections } from '@convlens/engine';

/** What is carried back is computed of: a viewer, or as much of one. */
export type BackwardParts = Pick<
  ViewerModel,
  'layer' | 'network' | 'preview' | 'readings' | 'session' | 'state' | 'tasks'
>;

/** A unit at a place of its map. */
export type Unit = Extract<Target, { kind: 'neuron' }> & {
  readonly row: number;
  readonly column: number;
};

/** What is carried back through the network: projections of a unit, attributions of a class or a unit. */
export class Backward {
  readonly #model: BackwardParts;
  projections: Projections | undefined;
  /** What the projections are of. */
  picture: HTMLCanvasElement | undefined;
  attribution: Attribution | undefined;

  /** @param model what is open */
  constructor(model: BackwardParts) {
    this.#model = model;
  }

  /** Forgets what was computed. */
  clear(): void {
    this.projections = undefined;
    this.attribution = undefined;
  }

  /** The unit in question: the pinned channel, or the strongest. */
  get channel(): number {
    const { state, readings } = this.#model;
    const high = readings.maps?.statistics.channelHigh ?? new Float32Array(1);
    const strongest = high.reduce((best, value, i) => (value > high[best]! ? i : best), 0);
    return state.channel ?? strongest;
  }

  /** The pinned unit, or the strongest of the layer; at the pinned place, or its strongest one. */
  get unit(): Unit | undefined {
    const { layer, readings, state } = this.#model;
    const { maps } = readings;
    if (!layer || maps?.layer !== layer.id) return undefined;
    const { channel } = this;
    const [, , width = 1] = maps.activation.shape;
    const peak = maps.statistics.peak[channel] ?? 0;
    const { row = Math.floor(peak / width), column = peak % width } = state;
    return { kind: 'neuron', layer: layer.id, channel, row, column };
  }

  /** What attributions are of: the unit where it is chosen or there are no classes, else a class, the most probable. */
  get target(): Unit | { readonly kind: 'class'; readonly index: number } {
    const { state, readings, network } = this.#model;
    const unit = state.of === 'unit' || !network?.logits ? this.unit : undefined;
    return unit ?? { kind: 'class', index: state.target ?? readings.scores[0]?.index ?? 0 };
  }

  /** Carries the unit back by all three rules. */
  async project(network: NetworkSummary, image: ImageId | ImageBitmap): Promise<boolean> {
    const { layer, state, preview } = this.#model;
    if (!layer) return false;
    const { row, column } = state;
    return this.#model.tasks.run('projections', async (options) => {
      const unit = { layer: layer.id, channel: this.channel };
      // Without a place the strongest one is meant.
      const target =
        row === undefined || column === undefined
          ? ({ kind: 'channel', ...unit } as const)
          : ({ kind: 'neuron', ...unit, row, column } as const);
      const request = { network: network.handle, image, target, rules: projectionRules };
      this.projections = await this.#model.session.run('projections', request, options);
      this.picture = preview;
    });
  }

  /** Says which pixels drove the target. */
  async attribute(network: NetworkSummary, image: ImageId): Promise<boolean> {
    const { method, randomised = 0 } = this.#model.state;
    return this.#model.tasks.run('attribution', async (options) => {
      const { target } = this;
      const { attributionDescriptions, gradCamLayer } = await import('./inspectors.js');
      // Where there is nothing to compute the panel says why.
      const { overMaps } = attributionDescriptions[method];
      if (overMaps && gradCamLayer(network, target) === undefined) {
        this.attribution = undefined;
        return;
      }
      const request = { network: network.handle, image, target, method, randomised };
      this.attribution = await this.#model.session.run('attribution', request, options);
    });
  }
}
