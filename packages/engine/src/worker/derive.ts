import type { ReluRule } from '@convlens/autodiff';
import type { Network } from '@convlens/adapters';
import {
  FeatureMaps,
  gradCam,
  gradient,
  gradientProblem,
  Gradients,
  gradientTimesInput,
  guidedGradCam,
  integratedGradients,
  normalNoise,
  occlusion,
  project,
  randomiseWeights,
  saliency,
  seedOf,
  smoothGrad,
  type Executor,
  type Projection,
  type Target,
} from '@convlens/core';
import { float32, type TensorData } from '@convlens/onnx';
import type { AttributionMethod, AttributionRequest } from '../shared/api.js';
import type { Job } from './jobs.js';

type Tensor = TensorData<'float32'>;

/** Part of the input's range that one deviation of SmoothGrad's noise takes (Smilkov et al. 2017: 10 to 20 %). */
const NOISE = 0.15;

/** What an attribution method gives. */
export interface Attributed {
  /** float32 `[C, H, W]` or `[H, W]`. */
  readonly map: Tensor;
  /** Remarks for people: the completeness gap, a zero gradient. */
  readonly notes: readonly string[];
}

/**
 * The part of the engine that needs derivatives of one network on one runtime. It is loaded when a lens asks for it.
 */
export class Derive {
  readonly #executor: Executor;
  readonly #portable: boolean;
  readonly #network: Network;
  #gradients: Gradients;
  #maps: FeatureMaps;
  /** How many layers from the top have lost their weights, and the network without them. */
  #randomised: { count: number; network: Network };

  /**
   * @param network the network
   * @param executor what runs it
   * @param portable differentiate max-pooling without its indices: WebGPU has none, WASM is faster so
   */
  constructor(network: Network, executor: Executor, portable: boolean) {
    this.#network = network;
    this.#executor = executor;
    this.#portable = portable;
    this.#randomised = { count: 0, network };
    this.#gradients = this.#make(network);
    this.#maps = new FeatureMaps(network, executor);
  }

  #make(network: Network): Gradients {
    return new Gradients(network, this.#executor, this.#portable ? 'portable' : 'indices');
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
    job: Job,
    input: Tensor,
    activation: Tensor,
    target: Extract<Target, { kind: 'unit' }>,
    rules: readonly ReluRule[],
  ): Promise<Projection[]> {
    const network = await this.#randomise(0);
    const found: Projection[] = [];
    for (const rule of rules) {
      job.check();
      found.push(await project(network, this.#gradients, input, activation, target, rule));
    }
    return found;
  }

  /** One attribution map. */
  async attribution(job: Job, input: Tensor, request: AttributionRequest): Promise<Attributed> {
    const { target, method, steps = 32, seed = 0, randomised = 0 } = request;
    const network = await this.#randomise(randomised);
    const notes: string[] = [];
    const map = await this.#compute(job, network, input, target, method, steps, seed, notes);
    return { map, notes };
  }

  async #compute(
    job: Job,
    network: Network,
    input: Tensor,
    target: Target,
    method: AttributionMethod,
    steps: number,
    seed: number,
    notes: string[],
  ): Promise<Tensor> {
    const gradients = this.#gradients;
    const single = (tensor: Tensor): Tensor => float32(tensor.data, tensor.shape.slice(1));
    const onStep = (loaded: number, total: number): void => {
      job.check();
      job.report({ stage: 'run', what: method, loaded, total });
    };
    const slope = async (): Promise<Tensor> => {
      const { gradient: found } = await gradient(network, gradients, input, target);
      const problem = gradientProblem(found);
      if (problem !== undefined) notes.push(problem);
      return found;
    };
    switch (method) {
      case 'saliency':
        return saliency(await slope());
      case 'gradient-input':
        return single(gradientTimesInput(await slope(), input));
      case 'integrated': {
        const found = await integratedGradients(network, gradients, input, target, {
          steps,
          onStep,
        });
        const percent = Math.abs((100 * found.gap) / (found.difference || 1));
        notes.push(
          `Completeness gap: ${found.gap.toFixed(3)}, ${percent.toFixed(1)} % of the score's change.`,
        );
        return single(found.attribution);
      }
      case 'smoothgrad': {
        let low = Infinity;
        let high = -Infinity;
        for (const value of input.data) {
          low = Math.min(low, value);
          high = Math.max(high, value);
        }
        const noise = normalNoise(seed, steps, input.data.length, NOISE * (high - low));
        return single(await smoothGrad(network, gradients, input, target, noise, onStep));
      }
      case 'occlusion': {
        const { value, cotangent } = seedOf(network, target);
        const score = async (tensor: Tensor): Promise<number> => {
          const found = (await this.#maps.read(tensor, [value])).get(value)!;
          return found.data.reduce((sum, one, i) => sum + one * cotangent.data[i]!, 0);
        };
        const patch = Math.max(1, Math.round(network.input.shape[1] / 8));
        const stride = Math.max(1, patch >> 1);
        return occlusion(score, input, { patch, stride, onStep });
      }
      case 'gradcam':
        return (await gradCam(network, gradients, input, target)).map;
      case 'guided-gradcam': {
        const { map } = await gradCam(network, gradients, input, target);
        const guided = await gradients.backward(input, seedOf(network, target), { rule: 'guided' });
        return single(guidedGradCam(guided.gradients.get(network.input.name)!, map));
      }
    }
  }

  /** Frees all programs. */
  async dispose(): Promise<void> {
    await this.#gradients.dispose();
    await this.#maps.dispose();
  }
}
