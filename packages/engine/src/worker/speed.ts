import { float32, GraphBuilder, type Graph } from '@convlens/onnx';
import type { RuntimeId } from '../shared/api.js';
import type { Runtime } from './runtime.js';

/** How long runtimes take on this device, kept from visit to visit. */
export interface Measurements {
  /** Milliseconds; `undefined` when it was not measured yet. */
  get(id: RuntimeId): Promise<number | undefined>;
  set(id: RuntimeId, ms: number): Promise<void>;
}

const CHANNELS = 64;
const SIDE = 56;
/** Together about as much work as ResNet-18 forward: what a call costs by itself must not decide. */
const LAYERS = 8;
/** Milliseconds of a run after which there is nothing more to find out. */
const LONG = 250;

/** Layers as networks have most of: 3 x 3 convolutions of 64 channels at 56 x 56, each with a ReLU. */
function layers(): Graph {
  const b = new GraphBuilder({ name: 'measure', opset: 13 });
  let x = b.input('x', [1, CHANNELS, SIDE, SIDE]);
  for (let layer = 0; layer < LAYERS; layer++) {
    const data = Float32Array.from(
      { length: CHANNELS ** 2 * 9 },
      (_, i) => (((i * 7 + layer) % 11) - 5) / 64,
    );
    const weights = b.weight(`w${layer}`, float32(data, [CHANNELS, CHANNELS, 3, 3]));
    x = b.emit('Relu', [b.emit('Conv', [x, weights], { pads: [1, 1, 1, 1] })]);
  }
  b.output(b.emit('GlobalAveragePool', [x], {}, 'mean'));
  return b.finish();
}

/**
 * Milliseconds that a runtime takes for a few layers, the shorter of two runs after a first one that does not count, unless
 * that one was long already. In all a few tens of milliseconds where it is fast.
 *
 * @param runtime has started and computes right
 */
export async function measure({ executor }: Runtime): Promise<number> {
  const program = await executor.prepare(layers());
  const data = Float32Array.from({ length: CHANNELS * SIDE ** 2 }, (_, i) => (i % 17) / 17);
  const feeds = { x: float32(data, [1, CHANNELS, SIDE, SIDE]) };
  let best = Infinity;
  for (let round = 0; round < 3; round++) {
    const began = performance.now();
    await program.run(feeds);
    const ms = performance.now() - began;
    if (round > 0 || ms > LONG) best = Math.min(best, ms);
    if (ms > LONG) break;
  }
  await program.dispose();
  return best;
}
