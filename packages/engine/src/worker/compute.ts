import type { Network } from '@convlens/adapters';
import {
  channelStatistics,
  FeatureMaps,
  findLayer,
  maxPoolingOf,
  poolingSwitches,
  type MaxPooling,
  type RecipeImages,
} from '@convlens/core';
import { cropToInput, toInput, type Pixels } from '@convlens/data';
import { float32, LensError, read, type TensorData } from '@convlens/onnx';
import type {
  ActivationRequest,
  Activations,
  Attribution,
  AttributionRequest,
  BackendChoice,
  BackendReport,
  GraphRequest,
  GraphResult,
  LabAnswer,
  LabJob,
  LayerActivation,
  MeasureAnswer,
  MeasureRequest,
  ProjectionRequest,
  Projections,
  RecipeRequest,
  RecipeResult,
  RankingAnswer,
  RankingRequest,
} from '../shared/api.js';
import type { Backends } from './backends.js';
import type { Derive } from './derive.js';
import type { Follow, Following } from './follow.js';
import type { Job } from './jobs.js';
import type { Lab } from './lab/lab.js';
import type { Shelf } from './lab/table.js';
import { rankImages, type ReadImage } from './rank-images.js';
import type { Runtime } from './runtime.js';

/**
 * The part of the engine that runs networks. It is loaded when something is to be computed: the first filters are on
 * screen before.
 */
export class Compute {
  readonly #backends: Backends;
  readonly #maps = new Map<Network, FeatureMaps>();
  readonly #derive = new Map<Network, Derive>();
  readonly #follow = new Map<Network, Follow>();
  /** The backend that the page knows of. */
  #said: BackendReport | undefined;
  #lab: Lab | undefined;

  /** @param backends the runtimes that may be used */
  constructor(backends: Backends) {
    this.#backends = backends;
    backends.onChange = () => {
      const all = [...this.#maps.values(), ...this.#derive.values(), ...this.#follow.values()];
      for (const held of [...all, ...(this.#lab ? [this.#lab] : [])]) {
        void held.dispose().catch(() => undefined);
      }
      this.#lab = undefined;
      this.#maps.clear();
      this.#derive.clear();
      this.#follow.clear();
    };
  }

  /** Number of live sessions. */
  get sessions(): number {
    return this.#backends.sessions;
  }

  /** Number of tensors that TensorFlow.js holds. */
  get tensors(): number {
    return this.#backends.tensors;
  }

  /** Chooses the backend. */
  use(job: Job, choice: BackendChoice): Promise<BackendReport> {
    return this.#backends.use(choice, job);
  }

  /** Frees what is held for a network. */
  async forget(network: Network): Promise<void> {
    const held = [this.#maps.get(network), this.#derive.get(network), this.#follow.get(network)];
    this.#maps.delete(network);
    this.#derive.delete(network);
    this.#follow.delete(network);
    for (const one of held) await one?.dispose().catch(() => undefined);
    await this.#lab?.forget(network).catch(() => undefined);
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
    const poolings = new Map<string, MaxPooling>();
    for (const { value } of request.switches ? wanted : []) {
      const pooling = maxPoolingOf(network.graph, value);
      if (!pooling) continue;
      poolings.set(value, pooling);
      values.push(pooling.source);
    }
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
    const layers = wanted.map(({ id, value }): LayerActivation => {
      const map = withStatistics(results.get(value)!);
      const pooling = poolings.get(value);
      if (!pooling) return { layer: id, ...map };
      const { geometry, source } = pooling;
      const read = withStatistics(results.get(source)!);
      const switches = poolingSwitches(read.activation, geometry);
      return { layer: id, ...map, pooling: { ...read, switches, geometry } };
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
    return this.#withRuntime(job, async (runtime, report) => {
      const maps = this.#featureMaps(job, network, runtime);
      const { everyLayer } = maps;
      const more = strengths && everyLayer ? network.layers.map(({ value }) => value) : [];
      const results = await maps.read(input, [...new Set([...values, ...more])]);
      return { results, report, everyLayer };
    });
  }

  #featureMaps(job: Job, network: Network, { executor }: Runtime): FeatureMaps {
    let maps = this.#maps.get(network);
    if (!maps) {
      job.report({ stage: 'compile', what: network.title });
      maps = new FeatureMaps(network, executor, { halves: true });
      this.#maps.set(network, maps);
    }
    return maps;
  }

  /**
   * The strongest answers of a layer's channels over images of a set.
   *
   * @throws LensError `E_SHAPE` when the ranking so far is of another layer, and as `activations` does
   */
  rankImages(
    job: Job,
    network: Network,
    request: RankingRequest,
    readImage: ReadImage,
  ): Promise<RankingAnswer> {
    const began = performance.now();
    return this.#withRuntime(job, async (runtime, backend) => {
      const maps = this.#featureMaps(job, network, runtime);
      const toTensor = (pixels: Pixels): TensorData<'float32'> => this.#input(network, pixels);
      const found = await rankImages({ job, network, maps, request, readImage, toTensor });
      return { ...found, backend, runMs: performance.now() - began };
    });
  }

  /**
   * A unit carried back to the pixels.
   *
   * @throws LensError `E_OP_UNSUPPORTED` for an operator without a derivative, and as `activations` does
   */
  async projections(
    job: Job,
    network: Network,
    pixels: Pixels,
    { target, rules }: ProjectionRequest,
  ): Promise<Projections> {
    const began = performance.now();
    const input = this.#input(network, pixels);
    const { value } = findLayer(network, target.layer);
    const { results } = await this.#read(job, network, input, [value], false);
    const { data, shape } = results.get(value)!;
    return this.#withRuntime(job, async (runtime, backend) => {
      const derive = await this.#derivatives(job, network, runtime);
      const map = float32(data, shape.slice(1));
      const projections = await derive.projections(job, input, map, target, rules);
      return { projections, backend, runMs: performance.now() - began };
    });
  }

  /**
   * Which pixels drove a score.
   *
   * @throws LensError `E_OP_UNSUPPORTED` for an operator without a derivative, `E_ARGUMENT` for an unknown class
   */
  async attribution(
    job: Job,
    network: Network,
    pixels: Pixels,
    request: AttributionRequest,
  ): Promise<Attribution> {
    const began = performance.now();
    const input = this.#input(network, pixels);
    return this.#withRuntime(job, async (runtime, backend) => {
      const derive = await this.#derivatives(job, network, runtime);
      const found = await derive.attribution(job, input, request);
      return { ...found, backend, runMs: performance.now() - began };
    });
  }

  /**
   * Follows a recipe; goes on from where it was with the next backend when the device is lost meanwhile.
   *
   * @throws LensError `E_ARGUMENT`, `E_LAYER_UNKNOWN`, `E_OP_UNSUPPORTED`, `E_RUN`, `E_ABORTED`
   */
  async follow(
    job: Job,
    network: Network,
    images: RecipeImages,
    request: RecipeRequest,
  ): Promise<RecipeResult> {
    const following: Following = { state: request.state };
    const { firstFrame, Follow } = await import('./follow.js');
    const frame = firstFrame(network, request, images);
    job.report({ stage: 'run', what: request.recipe.technique, loaded: frame.step, frame });
    return this.#withRuntime(job, async (runtime, backend) => {
      let follow = this.#follow.get(network);
      if (!follow) {
        job.report({ stage: 'compile', what: network.title });
        follow = new Follow(network, runtime);
        this.#follow.set(network, follow);
      }
      return { ...(await follow.run(job, request, images, following)), backend };
    });
  }

  /**
   * Runs an experiment of the adversarial lab; from its beginning with the next backend when the device is lost meanwhile.
   *
   * @param open networks and images, by id
   * @throws LensError `E_ARGUMENT`, `E_OP_UNSUPPORTED`, `E_RUN`, `E_ABORTED`
   */
  lab(job: Job, request: LabJob, open: Pick<Shelf, 'network' | 'image'>): Promise<LabAnswer> {
    const began = performance.now();
    return this.#withRuntime(job, async (runtime, backend) => {
      const { Lab } = await import('./lab/lab.js');
      const lab = (this.#lab ??= new Lab(runtime));
      const answer = await lab.run(job, request, {
        ...open,
        maps: (network) => this.#featureMaps(job, network, runtime),
      });
      return { ...answer, backend, runMs: performance.now() - began } as LabAnswer;
    });
  }

  /** Runs a graph that the page brings, once. */
  runGraph(job: Job, { model, feeds }: GraphRequest): Promise<GraphResult> {
    return this.#withRuntime(job, async (runtime, backend) => {
      const program = await runtime.executor.prepare(read(model));
      try {
        const began = performance.now();
        const outputs = await program.run(feeds);
        return { outputs, backend, runMs: performance.now() - began };
      } finally {
        await program.dispose();
      }
    });
  }

  /**
   * Measures the runtime in use.
   *
   * @param network what work is measured on; not needed for the rest
   */
  measure(job: Job, network: Network | undefined, request: MeasureRequest): Promise<MeasureAnswer> {
    return this.#withRuntime(job, async (runtime, backend) => {
      const { measure } = await import('./measure.js');
      return { ...(await measure(job, runtime, network, request)), backend };
    });
  }

  #input(network: Network, pixels: Pixels): TensorData<'float32'> {
    const [channels, height, width] = network.input.shape;
    return toInput(cropToInput(pixels, height, width), channels, network.preprocessing);
  }

  async #derivatives(job: Job, network: Network, runtime: Runtime): Promise<Derive> {
    let derive = this.#derive.get(network);
    if (!derive) {
      job.report({ stage: 'compile', what: network.title });
      const { Derive } = await import('./derive.js');
      derive = new Derive(network, runtime);
      this.#derive.set(network, derive);
    }
    return derive;
  }

  /** Does something with the runtime in use, again with the next one when its device is lost meanwhile. */
  async #withRuntime<T>(
    job: Job,
    work: (runtime: Runtime, report: BackendReport) => Promise<T>,
  ): Promise<T> {
    for (;;) {
      const { runtime, report } = await this.#backends.runtime(job);
      job.check();
      // Said now, not with the answer: a run may take minutes, and its device may be lost on the way.
      if (report !== this.#said) {
        job.report({ stage: 'start', what: 'the compute runtime', backend: report });
      }
      this.#said = report;
      try {
        return await work(runtime, report);
      } catch (error) {
        // The list of backends is finite and one that was lost or refused is not tried again, so this ends.
        if (this.#backends.reportRefusal(error)) continue;
        if (!(error instanceof LensError) || error.code !== 'E_BACKEND_LOST') throw error;
        this.#backends.reportLoss();
      }
    }
  }
}

/** The activation of one image without its batch, and what is said of it. */
function withStatistics(
  activation: TensorData<'float32'>,
): Pick<LayerActivation, 'activation' | 'statistics'> {
  const single = { ...activation, shape: activation.shape.slice(1) };
  return { activation: single, statistics: channelStatistics(single) };
}

function rootMeanSquare(data: Float32Array): number {
  let squares = 0;
  for (const value of data) squares += value * value;
  return Math.sqrt(squares / data.length);
}
