import { float32, LensError, type Graph } from '@convlens/onnx';
import type { Backend, RuntimeId } from '../shared/api.js';
import type { Job } from './jobs.js';
import type { OrtExecutor } from './ort-executor.js';

/** A runtime that has started. */
export interface Runtime {
  readonly backend: Backend;
  readonly id: RuntimeId;
  readonly threads: number;
  readonly adapter?: string;
  readonly executor: OrtExecutor;
  /** One sentence for people: what it is and why it is a good choice here. */
  readonly reason: string;
  /** Gives back what can be given back. */
  dispose(): Promise<void>;
}

/** Starts a runtime, or says why it cannot. */
export interface RuntimeFactory {
  readonly backend: Backend;
  /**
   * @param job for progress
   * @param onLost called when the device goes away later
   * @param insist also start where something else is known to be better (a GPU emulated in software)
   * @throws LensError `E_BACKEND_INIT`, `E_RUNTIME_FILES`
   */
  start(job: Job, onLost: () => void, insist: boolean): Promise<Runtime>;
}

const EXTENT = 6;

/** A 3x3 convolution with distinct weights, a bias and a ReLU: small, but every part can go wrong visibly. */
function probeGraph(): { graph: Graph; input: Float32Array; expected: Float32Array } {
  const weights = Float32Array.from({ length: 9 }, (_, i) => (i % 2 === 0 ? i + 1 : -i));
  const input = Float32Array.from({ length: EXTENT ** 2 }, (_, i) => ((i * 7) % 13) - 6);
  const expected = new Float32Array(EXTENT ** 2);
  for (let y = 0; y < EXTENT; y++) {
    for (let x = 0; x < EXTENT; x++) {
      let sum = -3;
      for (let i = 0; i < 9; i++) {
        const row = y + Math.floor(i / 3) - 1;
        const column = x + (i % 3) - 1;
        if (row < 0 || column < 0 || row >= EXTENT || column >= EXTENT) continue;
        sum += weights[i]! * input[row * EXTENT + column]!;
      }
      expected[y * EXTENT + x] = Math.max(0, sum);
    }
  }
  const shape = [1, 1, EXTENT, EXTENT];
  const value = (name: string): { name: string; dtype: 'float32'; shape: number[] } => ({
    name,
    dtype: 'float32',
    shape,
  });
  const graph: Graph = {
    name: 'probe',
    opset: 13,
    otherOpsets: {},
    inputs: [value('x')],
    outputs: [value('y')],
    nodes: [
      {
        name: 'conv',
        op: 'Conv',
        domain: '',
        inputs: ['x', 'w', 'b'],
        outputs: ['c'],
        attributes: { pads: { type: 'ints', value: [1, 1, 1, 1] } },
      },
      { name: 'relu', op: 'Relu', domain: '', inputs: ['c'], outputs: ['y'], attributes: {} },
    ],
    initializers: new Map([
      ['w', float32(weights, [1, 1, 3, 3])],
      ['b', float32(Float32Array.of(-3), [1])],
    ]),
    values: new Map(),
    metadata: new Map(),
    producer: 'convlens',
  };
  return { graph, input, expected };
}

/**
 * Runs a tiny known computation, because a backend that starts may still compute nothing or wrong numbers.
 *
 * @throws LensError `E_BACKEND_INIT` when the numbers are wrong or it does not answer in time
 */
export async function probe(runtime: Runtime, limitMs = 20_000): Promise<void> {
  const { graph, input, expected } = probeGraph();
  const work = async (): Promise<void> => {
    const program = await runtime.executor.prepare(graph);
    const { y } = await program.run({ x: float32(input, [1, 1, EXTENT, EXTENT]) });
    await program.dispose();
    const got = y!.data as Float32Array;
    const worst = expected.reduce((most, value, i) => Math.max(most, Math.abs(value - got[i]!)), 0);
    if (!(worst < 1e-3)) {
      throw new LensError(
        'E_BACKEND_INIT',
        `${runtime.id} computes wrong numbers on this device (a test convolution is off by ${worst}).`,
      );
    }
  };
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(
        new LensError('E_BACKEND_INIT', `${runtime.id} did not answer within ${limitMs / 1000} s.`),
      );
    }, limitMs);
  });
  try {
    await Promise.race([work(), late]);
  } finally {
    clearTimeout(timer);
  }
}
