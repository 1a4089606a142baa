import type { Attribution, EngineClient, NetworkSummary, Projections } from '@convlens/engine';
import { LensError } from '@convlens/onnx';
import type { Tasks } from './tasks.js';
import type { ViewerModel } from './viewer-model.js';

/** What is carried back through the network: projections of a unit, attributions of a class. */
export class Backward {
  readonly #engine: EngineClient;
  readonly #tasks: Tasks;
  readonly #model: ViewerModel;
  projections: Projections | undefined;
  /** What the projections are of. */
  picture: HTMLCanvasElement | undefined;
  attribution: Attribution | undefined;

  /**
   * @param engine the worker's client
   * @param tasks where what is under way is kept
   * @param model what is open
   */
  constructor(engine: EngineClient, tasks: Tasks, model: ViewerModel) {
    this.#engine = engine;
    this.#tasks = tasks;
    this.#model = model;
  }

  /** Forgets what was computed. */
  clear(): void {
    this.projections = undefined;
    this.attribution = undefined;
  }

  /** The unit in question: the pinned channel, or the strongest. */
  get channel(): number {
    const { state, maps } = this.#model;
    const high = maps?.statistics.channelHigh ?? new Float32Array(1);
    const strongest = high.reduce((best, value, i) => (value > high[best]! ? i : best), 0);
    return state.channel ?? strongest;
  }

  /** The class that attributions are for: the chosen one, or the most probable. */
  get target(): number {
    return this.#model.state.target ?? this.#model.scores[0]?.index ?? 0;
  }

  /** Carries the unit back by all three rules. */
  async project(network: NetworkSummary, image: string | ImageBitmap): Promise<boolean> {
    const { layer, state, preview } = this.#model;
    if (!layer) return false;
    const { row, column } = state;
    const place = row === undefined || column === undefined ? {} : { row, column };
    return this.#tasks.run('projections', async (options) => {
      const target = { kind: 'unit', layer: layer.id, channel: this.channel, ...place } as const;
      const rules = ['backprop', 'deconvnet', 'guided'] as const;
      const request = { network: network.id, image, target, rules };
      this.projections = await this.#engine.projections(request, options);
      this.picture = preview;
    });
  }

  /** Says which pixels drove a class. */
  async attribute(network: NetworkSummary, image: string): Promise<boolean> {
    if (!network.logits) {
      const message = `${network.title} has no class scores to attribute.`;
      this.#tasks.fail(new LensError('E_ARGUMENT', message), 'attribution');
      return false;
    }
    const { method, randomised = 0 } = this.#model.state;
    return this.#tasks.run('attribution', async (options) => {
      const target = { kind: 'class', index: this.target } as const;
      const request = { network: network.id, image, target, method, randomised };
      this.attribution = await this.#engine.attribution(request, options);
    });
  }
}
