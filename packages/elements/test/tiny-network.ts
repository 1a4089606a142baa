import type { Activations, LayerSummary, NetworkSummary } from '@convlens/engine';
import type { BackendReport } from '@convlens/engine';

/** Where the fake engine computes. */
export const FAKE_BACKEND: BackendReport = {
  backend: 'wasm',
  runtime: 'ort-wasm',
  threads: 1,
  reason: 'There is no WebGPU here.',
  startMs: 0,
  failed: [],
};

const layer = (
  id: string,
  kind: LayerSummary['kind'],
  op: string,
  shape: readonly number[],
  from: readonly string[],
): LayerSummary => ({
  id,
  value: id,
  kind,
  op,
  shape,
  from,
  parameters: 0,
  macs: 0,
  stage: id,
  block: id,
  main: true,
  hasKernels: op === 'Conv',
  ...(op === 'Conv' ? { weight: `${id}.weight` } : {}),
});

/** What the page knows of a network of two convolutions, `conv1` with 4 and `conv2` with 6 channels, and two classes. */
export function tinyNetwork(id: string): Omit<NetworkSummary, 'handle'> {
  return {
    id,
    family: 'generic',
    title: id.toUpperCase(),
    input: { name: 'x', shape: [3, 8, 8] },
    preprocessing: { channelOrder: 'RGB', range: 1, mean: [0, 0, 0], std: [1, 1, 1] },
    logits: { value: 'fc', classes: 2 },
    layers: [
      layer('conv1', 'conv', 'Conv', [4, 8, 8], []),
      layer('relu1', 'activation', 'Relu', [4, 8, 8], ['conv1']),
      layer('pool1', 'pool', 'MaxPool', [4, 4, 4], ['relu1']),
      layer('conv2', 'conv', 'Conv', [6, 4, 4], ['pool1']),
      layer('fc', 'dense', 'Gemm', [2], ['conv2']),
    ],
    firstConv: 'conv1',
    lastConv: 'conv2',
    parameters: 10,
    macs: 10,
    guesses: [],
    bytes: 1,
    fetchMs: 0,
    readMs: 0,
  };
}

/** An answer of it: its channels answer the more, the higher their number. */
export function tinyActivations(layers: readonly string[]): Activations {
  const { layers: known } = tinyNetwork('x');
  return {
    layers: layers.map((id) => {
      const { shape } = known.find((one) => one.id === id)!;
      const [channels = 1, height = 1, width = 1] = shape;
      const each = (of: (channel: number) => number): Float32Array =>
        Float32Array.from({ length: channels }, (_, channel) => of(channel));
      return {
        layer: id,
        activation: {
          dtype: 'float32',
          shape,
          data: new Float32Array(channels * height * width),
        },
        statistics: {
          low: 0,
          high: channels,
          strength: 1,
          channelLow: each(() => 0),
          channelHigh: each((channel) => channel),
          channelMean: each(() => 0),
          peak: new Int32Array(channels).fill(width + 2),
        },
      };
    }),
    logits: Float32Array.of(3, 1),
    crop: { width: 8, height: 8, data: new Uint8ClampedArray(8 * 8 * 4).fill(255) },
    backend: FAKE_BACKEND,
    timing: { input: 0, run: 0, total: 0 },
  };
}
