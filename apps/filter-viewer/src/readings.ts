import { topClasses, type ClassScore } from '@convlens/core';
import type {
  Activations,
  EngineSession,
  JobRequest,
  LayerActivation,
  MemoryReport,
} from '@convlens/engine';
import type { switchPictures } from './switches.js';
import type { TaskOptions } from '@convlens/elements';

/** What a request for activations says. */
type Request = JobRequest<'activations'>;

/** What the network answered to the current image: the maps of the layer, its scores, and how strong its layers are. */
export class Readings {
  readonly #engine: EngineSession;
  answer: Activations | undefined;
  scores: readonly ClassScore[] = [];
  strengths: Readonly<Record<string, number>> | undefined;
  /** What the engine holds. */
  memory: MemoryReport | undefined;
  /** Draws switches; there once they were asked for. */
  switchPictures: typeof switchPictures | undefined;

  /** @param engine of the element */
  constructor(engine: EngineSession) {
    this.#engine = engine;
  }

  /** The maps of the layer that was asked for. */
  get maps(): LayerActivation | undefined {
    return this.answer?.layers[0];
  }

  /** Forgets what was read. */
  clear(): void {
    this.answer = undefined;
    this.scores = [];
    this.strengths = undefined;
  }

  /** Asks for activations; what is there stays until `take`. */
  async ask(request: Request, options?: TaskOptions): Promise<Activations> {
    const answer = await this.#engine.run('activations', request, options);
    if (answer.layers[0]?.pooling) {
      this.switchPictures ??= (await import('./switches.js')).switchPictures;
    }
    return answer;
  }

  /** Makes an answer the current one. */
  take(answer: Activations): void {
    this.answer = answer;
    this.scores = answer.logits ? topClasses(answer.logits, 5) : [];
    if (answer.strengths) this.strengths = answer.strengths;
  }

  /** Asks what the engine holds. */
  async weigh(): Promise<void> {
    this.memory = await this.#engine.memory();
  }
}
