import type { Network } from '@convlens/adapters';
import { channelStatistics, FeatureMaps, findLayer } from '@convlens/core';
import { cropToInput, toInput, type Pixels } from '@convlens/data';
import { LensError, type TensorData } from '@convlens/onnx';
import type {
  ActivationRequest,
  Activations,
  BackendChoice,
  BackendReport,
} from '../shared/api.js';
import type { Backends } from './backends.js';
import type { Job } from './jobs.js';

/**
 * The part of the engine that runs networks. It is loaded when something is to be computed: the first filters are on
 * screen before.
 */
export class Compute {
  readonly #backends: Backends;
  readonly #maps = new Map<Network, FeatureMaps>();

  /** @param backends the runtimes that may be used */
  constructor(backends: Backends) {
    this.#backends = backends;
    backends.onChange = () => {
      for (const maps of this.#maps.values()) void maps.dispose().catch(() => undefined);
      this.#maps.clear();
    };
  }

  /** Number of live sessions. */
  get sessions(): number {
    return this.#backends.sessions;
  }

  /** Chooses the backend. */
  use(job: Job, choice: BackendChoice): Promise<BackendReport> {
    return this.#backends.use(choice, job);
  }

  /** Frees what is held for a network. */
  async forget(network: Network): Promise<void> {
    const maps = this.#maps.get(network);
    this.#maps.delete(network);
    await maps?.dispose().catch(() => undefined);
  }

  /**
   * Activations of one image; goes on with the next backend when the device is lost meanwhile.
   *
   * @throws LensError `E_LAYER_UNKNOWN`, `E_RUN`, `E_BACKEND_INIT`, `E_ABORTED`
   */
  async activations(
    job: Job,
    network: Network,
    pixels: Pixels,
    request: ActivationRequest,
  ): Promise<Activations> {
    const began = performance.now();
    const [channels, height, width] = network.input.shape;
    const crop = cropToInput(pixels, height, width);
    const input = toInput(crop, channels, network.preprocessing);
    const ready = performance.now();
    const wanted = request.layers.map((id) => findLayer(network, id));
    const values = wanted.map(({ value }) => value);
    if (request.scores && network.logits) values.push(network.logits.value);
    const { results, report, everyLayer } = await this.#read(
      job,
      network,
      input,
      values,
      request.strengths === true,
    );
    const ran = performance.now();
    job.check();
    const layers = wanted.map(({ id, value }) => {
      const activation = results.get(value)!;
      const single = { ...activation, shape: activation.shape.slice(1) };
      return { layer: id, activation: single, statistics: channelStatistics(single) };
    });
    const logits = request.scores && network.logits && results.get(network.logits.value);
    const strengths =
      request.strengths && everyLayer
        ? Object.fromEntries(
            network.layers.map(({ id, value }) => [id, rootMeanSquare(results.get(value)!.data)]),
          )
        : undefined;
    return {
      layers,
      ...(logits ? { logits: logits.data.slice() } : {}),
      ...(strengths ? { strengths } : {}),
      crop: { ...crop, data: crop.data.slice() },
      backend: report,
      timing: { input: ready - began, run: ran - ready, total: performance.now() - began },
    };
  }

  async #read(
    job: Job,
    network: Network,
    input: TensorData<'float32'>,
    values: readonly string[],
    strengths: boolean,
  ): Promise<{
    results: Map<string, TensorData<'float32'>>;
    report: BackendReport;
    everyLayer: boolean;
  }> {
    for (;;) {
      const { runtime, report } = await this.#backends.runtime(job);
      job.check();
      let maps = this.#maps.get(network);
      if (!maps) {
        job.report({ stage: 'compile', what: network.title });
        maps = new FeatureMaps(network, runtime.executor);
        this.#maps.set(network, maps);
      }
      const { everyLayer } = maps;
      const more = strengths && everyLayer ? network.layers.map(({ value }) => value) : [];
      try {
        const results = await maps.read(input, [...new Set([...values, ...more])]);
        return { results, report, everyLayer };
      } catch (error) {
        if (!(error instanceof LensError) || error.code !== 'E_BACKEND_LOST') throw error;
        // The list of backends is finite and a lost one is not tried again, so this ends.
        this.#backends.reportLoss();
      }
    }
  }
}

function rootMeanSquare(data: Float32Array): number {
  let squares = 0;
  for (const value of data) squares += value * value;
  return Math.sqrt(squares / data.length);
}
