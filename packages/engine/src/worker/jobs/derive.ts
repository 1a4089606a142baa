import type { PoolLowering } from '@convlens/autodiff';
import type { Network } from '@convlens/adapters';
import {
  attribute,
  FeatureMaps,
  Gradients,
  project,
  randomiseWeights,
  type Attributed,
  type Projection,
  type ProjectionRule,
  type UnitTerm,
} from '@convlens/core';
import type { Executor } from '@convlens/runtime';
import type { TensorData } from '@convlens/onnx';
import type { AttributionRequest } from '../../shared/api.js';
import { poolOf, type Runtime } from '../runtime.js';
import type { Desk, OnRuntime } from './job.js';

type Tensor = TensorData<'float32'>;

/** What is told how far it is, and may end it. */
type Watched = Pick<Desk, 'check' | 'report'>;

/** What needs derivatives of one network on one runtime: its programs. */
export class Derive {
  readonly #executor: Executor;
  readonly #pool: PoolLowering;
  readonly #network: Network;
  #gradients: Gradients;
  #maps: FeatureMaps;
  /** How many layers from the top have lost their weights, and the network without them. */
  #randomised: { count: number; network: Network };

  /**
   * @param network the network
   * @param runtime what runs it
   */
  constructor(network: Network, runtime: Runtime) {
    const { executor } = runtime;
    this.#network = network;
    this.#executor = executor;
    this.#pool = poolOf(runtime);
    this.#randomised = { count: 0, network };
    this.#gradients = this.#make(network);
    this.#maps = new FeatureMaps(network, executor);
  }

  #make(network: Network): Gradients {
    return new Gradients(network, this.#executor, this.#pool);
  }

  /** Destroys the weights of the top layers, or gives them back. */
  async #randomise(count: number): Promise<Network> {
    if (count !== this.#randomised.count) {
      await this.dispose();
      const network = count === 0 ? this.#network : randomiseWeights(this.#network, count, 1);
      this.#randomised = { count, network };
      this.#gradients = this.#make(network);
      this.#maps = new FeatureMaps(network, this.#executor);
    }
    return this.#randomised.network;
  }

  /** Projections of one unit by several rules. */
  async projections(
    desk: Watched,
    input: Tensor,
    activation: Tensor,
    target: UnitTerm,
    rules: readonly ProjectionRule[],
  ): Promise<Projection[]> {
    const network = await this.#randomise(0);
    const found: Projection[] = [];
    for (const rule of rules) {
      desk.check();
      found.push(await project(network, this.#gradients, input, activation, target, rule));
    }
    return found;
  }

  /** One attribution map. */
  async attribution(
    desk: Watched,
    input: Tensor,
    request: AttributionRequest,
  ): Promise<Attributed> {
    const { target, method, steps = 32, seed = 0, randomised = 0 } = request;
    const network = await this.#randomise(randomised);
    return attribute({
      network,
      gradients: this.#gradients,
      maps: this.#maps,
      input,
      target,
      method,
      settings: { steps, seed },
      onStep: (loaded, total) => {
        desk.check();
        desk.report({ stage: 'run', what: method, loaded, total });
      },
    });
  }

  /** Frees all programs. */
  async dispose(): Promise<void> {
    await this.#gradients.dispose();
    await this.#maps.dispose();
  }
}

/**
 * What derives on a network, shared by all jobs that do.
 *
 * @param desk told when it must be prepared
 * @param on the runtime
 * @param network the network
 */
export function derivatives(desk: Watched, on: OnRuntime, network: Network): Derive {
  return on.borrow(network, 'derivatives', () => {
    desk.report({ stage: 'compile', what: network.title });
    return new Derive(network, on.runtime);
  });
}
