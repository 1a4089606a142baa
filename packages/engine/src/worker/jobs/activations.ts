import {
  channelStatistics,
  findLayer,
  maxPoolingOf,
  poolingSwitches,
  type MaxPooling,
} from '@convlens/core';
import { cropToInput, toInput } from '@convlens/data';
import type { TensorData } from '@convlens/onnx';
import type { ActivationRequest, Activations, LayerActivation } from '../../shared/api.js';
import type { Job } from './job.js';
import { featureMaps } from './maps.js';

/**
 * Activations of one image.
 *
 * @throws LensError `E_LAYER_UNKNOWN`, `E_RUN`, `E_BACKEND_INIT`, `E_ABORTED`
 */
export const job: Job<ActivationRequest, Activations> = {
  async run(desk, request) {
    const network = desk.network(request.network);
    const pixels = await desk.pixels(request.image);
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
    const { results, backend, everyLayer } = await desk.onRuntime(async (on) => {
      const maps = featureMaps(desk, on, network);
      const { everyLayer } = maps;
      const all = request.strengths && everyLayer ? network.layers.map(({ value }) => value) : [];
      const results = await maps.read(input, [...new Set([...values, ...all])]);
      return { results, backend: on.report, everyLayer };
    });
    const ran = performance.now();
    desk.check();
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
      backend,
      timing: { input: ready - began, run: ran - ready, total: performance.now() - began },
    };
  },
};

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
