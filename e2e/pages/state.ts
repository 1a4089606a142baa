// What a page runs to see that a step of training whose state stays with a runtime is what it is elsewhere.
import { ortWebGpu } from '../../packages/engine/src/worker/ort-web.js';
import { tfjsWebGl, tfjsWebGpu } from '../../packages/engine/src/worker/tfjs-web.js';
import type { Call } from '../../packages/engine/src/worker/calls.js';
import { prepare } from '@convlens/runtime';
import { batches, step } from './small-step.js';

/** Runtimes whose state is on a GPU. */
export type StateRuntime = 'ort-webgpu' | 'tfjs-webgl' | 'tfjs-webgpu';

/** What became of it. */
export interface Trained {
  readonly losses: readonly number[];
  /** The state after the last step, by name. */
  readonly state: Readonly<Record<string, readonly number[]>>;
  /** Tensors of the runtime while it ran, after it was read, and when all was given back. */
  readonly tensors: readonly [number, number, number];
}

const call: Call = {
  signal: new AbortController().signal,
  paused: false,
  report: () => undefined,
  frame: () => undefined,
  uses: () => undefined,
  check: () => undefined,
};

const factories = {
  'ort-webgpu': (base: string) => ortWebGpu(base),
  'tfjs-webgl': () => tfjsWebGl(),
  'tfjs-webgpu': () => tfjsWebGpu(),
};

const api = {
  /** Trains a small network for some steps on a runtime. */
  async train(name: StateRuntime, base: string): Promise<Trained> {
    const runtime = await factories[name](base).start(call, () => undefined, true);
    const { executor } = runtime;
    const before = executor.tensors ?? 0;
    const { graph, carry, initial, loss } = step();
    const program = await prepare(executor, graph, { carry });
    await program.write(initial);
    const losses: number[] = [];
    let held = 0;
    for (const [i, batch] of batches().entries()) {
      const results = await program.run(batch, [loss]);
      losses.push(Number(results[loss]!.data[0]));
      // A read in between must change nothing.
      if (i === 0) await program.read();
      held = (executor.tensors ?? 0) - before;
    }
    const state = await program.read();
    const read = (executor.tensors ?? 0) - before;
    await program.dispose();
    const after = (executor.tensors ?? 0) - before;
    await runtime.dispose();
    const numbers = Object.entries(state).map(([key, { data }]) => [
      key,
      Array.from(data as Float32Array),
    ]);
    return {
      losses,
      state: Object.fromEntries(numbers) as Trained['state'],
      tensors: [held, read, after],
    };
  },
};

/** What the page offers to the test. */
export type StateApi = typeof api;

Object.assign(globalThis, { state: api });
