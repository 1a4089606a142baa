import { cut, elementCount, LensError, type TensorData } from '@convlens/onnx';
import type { Layer, Network } from '@convlens/adapters';
import type { Executor, Precision, Program } from '@convlens/runtime';
import { batchOf, imagesOf, takesBatches } from '../batch.js';
import { LeaseCache } from '../lease-cache.js';

/** Bytes of activations up to which one program gives every layer of a network at once. */
const ALL_LAYERS_LIMIT = 48 * 2 ** 20;
/** Programs cached for networks that are too large for that. */
const CACHED = 2;

/**
 * Finds a layer by its id.
 *
 * @throws LensError `E_LAYER_UNKNOWN`
 */
export function findLayer(network: Network, id: string): Layer {
  const layer = network.layers.find((candidate) => candidate.id === id);
  if (!layer) {
    const known = network.layers.filter(({ main }) => main).map((candidate) => candidate.id);
    throw new LensError(
      'E_LAYER_UNKNOWN',
      `${network.title} has no layer "${id}". Its main layers are ${known.join(', ')}.`,
    );
  }
  return layer;
}

/**
 * Reads activations of a network (feature maps; Zeiler and Fergus 2014 call them so). For small networks one
 * program has every layer as an output, so that moving between layers needs no new session; for large ones the
 * graph is cut at what is asked for, so that weights above are not held.
 */
export class FeatureMaps {
  readonly #network: Network;
  readonly #executor: Executor;
  readonly #precision: Precision;
  /** True when one program serves every layer. */
  readonly everyLayer: boolean;
  readonly #programs = new LeaseCache<Program>(CACHED, (program) => program.dispose());

  /**
   * @param network described network; its graph must give shapes for batch 1
   * @param executor what runs it
   * @param precision how exact its activations must be
   */
  constructor(network: Network, executor: Executor, precision: Precision = {}) {
    this.#network = network;
    this.#executor = executor;
    this.#precision = precision;
    const bytes = network.layers.reduce((sum, { shape }) => sum + 4 * elementCount(shape), 0);
    this.everyLayer = bytes <= ALL_LAYERS_LIMIT;
  }

  /**
   * Activations of the given values for one image or several: in one run, or one after the other where the network takes
   * one image only. They are those of single images, but for rounding.
   *
   * @param input float32 `[N, C, H, W]`, preprocessed as the network expects
   * @param values names of values of the graph
   * @param options `alone`: run no more than these values need, which pays when many inputs follow; so it is for values
   *   that are no layers, too
   * @returns the tensors by value name, float32 `[N, ...]`
   * @throws LensError as the executor does
   */
  async read(
    input: TensorData<'float32'>,
    values: readonly string[],
    { alone = false }: { readonly alone?: boolean } = {},
  ): Promise<Map<string, TensorData<'float32'>>> {
    const { graph, input: image } = this.#network;
    const wanted = this.#outputs(values, alone);
    const parts = takesBatches(this.#network) ? [input] : imagesOf(input);
    const found = await this.#programs.use(
      wanted.join('\n'),
      () => this.#executor.prepare(cut(graph, wanted), this.#precision),
      async (program) => {
        const outputs: Record<string, TensorData>[] = [];
        for (const part of parts) outputs.push(await program.run({ [image.name]: part }, values));
        return outputs;
      },
    );
    return new Map(
      values.map((value) => [
        value,
        batchOf(found.map((outputs) => outputs[value] as TensorData<'float32'>)),
      ]),
    );
  }

  /** What a program gives that is asked for some values: all layers where that is cheap. */
  #outputs(values: readonly string[], alone: boolean): readonly string[] {
    const { layers, logits } = this.#network;
    const known = new Set(layers.map(({ value }) => value));
    if (logits) known.add(logits.value);
    const isKnown = values.every((value) => known.has(value));
    return this.everyLayer && !alone && isKnown ? [...known] : [...new Set(values)].sort();
  }

  /** Frees all programs. */
  dispose(): Promise<void> {
    return this.#programs.dispose();
  }
}
