import { float32, type Graph, type Node, type TensorData } from '@convlens/onnx';
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
  const nodes: Node[] = [];
  const initializers = new Map<string, TensorData>();
  const shape = [1, CHANNELS, SIDE, SIDE];
  let x = 'x';
  for (let layer = 0; layer < LAYERS; layer++) {
    const data = Float32Array.from(
      { length: CHANNELS ** 2 * 9 },
      (_, i) => (((i * 7 + layer) % 11) - 5) / 64,
    );
    const weights = `w${layer}`;
    initializers.set(weights, float32(data, [CHANNELS, CHANNELS, 3, 3]));
    const [sum, y] = [`c${layer}`, `y${layer}`];
    const pads = { type: 'ints', value: [1, 1, 1, 1] } as const;
    nodes.push(node('Conv', [x, weights], sum, { pads }), node('Relu', [sum], y, {}));
    x = y;
  }
  nodes.push(node('GlobalAveragePool', [x], 'mean', {}));
  return {
    ...{ name: 'measure', opset: 13, otherOpsets: {}, nodes, initializers },
    inputs: [{ name: 'x', dtype: 'float32', shape }],
    outputs: [{ name: 'mean', dtype: 'float32', shape: [1, CHANNELS, 1, 1] }],
    ...{ values: new Map(), metadata: new Map(), producer: 'convlens' },
  };
}

const node = (
  op: string,
  inputs: readonly string[],
  output: string,
  attributes: Node['attributes'],
): Node => ({ name: output, op, domain: '', inputs, outputs: [output], attributes });

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
