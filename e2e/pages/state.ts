// What a page runs to see that a step of training whose state stays with a runtime is what it is elsewhere.
import { ortWebGpu } from '../../packages/engine/src/worker/ort-web.js';
import { tfjsWebGl, tfjsWebGpu } from '../../packages/engine/src/worker/tfjs-web.js';
import type { Call } from '../../packages/engine/src/worker/calls.js';
import { float32, read, type Graph } from '@convlens/onnx';
import { oneHot, Trainer, type StepOptions } from '@convlens/training';
import { CASES, FORMS, gradientOf } from './filter-gradients.js';
import { batches, network, options, type Batch } from './small-step.js';

/** Runtimes whose state is on a GPU. */
export type StateRuntime = 'ort-webgpu' | 'tfjs-webgl' | 'tfjs-webgpu';

/** What became of it. */
export interface Trained {
  readonly losses: readonly number[];
  /** The weights after the steps that were asked for, the last one of them by default; by step and name. */
  readonly weights: Readonly<Record<number, Readonly<Record<string, readonly number[]>>>>;
  /** Tensors of the runtime while it ran, after it was read, and when all was given back. */
  readonly tensors: readonly [number, number, number];
}

/** A network with its batches, as it comes into a page. */
export interface Lesson {
  /** The ONNX file. */
  readonly file: readonly number[];
  readonly options: StepOptions;
  /** Extents of a batch of images. */
  readonly shape: readonly number[];
  readonly images: readonly (readonly number[])[];
  readonly labels: readonly (readonly number[])[];
  readonly classes: number;
  /** Steps after which weights are wanted. */
  readonly saveAt: readonly number[];
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

async function learn(
  name: StateRuntime,
  base: string,
  graph: Graph,
  given: StepOptions,
  lessons: readonly Batch[],
  saveAt: readonly number[],
): Promise<Trained> {
  const runtime = await factories[name](base).start(call, () => undefined, true);
  const { executor } = runtime;
  const before = executor.tensors ?? 0;
  const trainer = await Trainer.start(executor, graph, given);
  const losses: number[] = [];
  const weights: Record<number, Record<string, number[]>> = {};
  let held = 0;
  for (const { images, targets } of lessons) {
    const { step, loss } = await trainer.step(images, targets);
    losses.push(loss);
    // A read in between must change nothing.
    if (step === 1) await trainer.checkpoint();
    held = (executor.tensors ?? 0) - before;
    if (!saveAt.includes(step)) continue;
    const found = Object.entries(await trainer.weights());
    weights[step] = Object.fromEntries(
      found.map(([key, { data }]) => [key, Array.from(data as Float32Array)]),
    );
  }
  const readNow = (executor.tensors ?? 0) - before;
  await trainer.dispose();
  const after = (executor.tensors ?? 0) - before;
  await runtime.dispose();
  return { losses, weights, tensors: [held, readNow, after] };
}

const api = {
  /** Trains a small network for some steps on a runtime. */
  train(name: StateRuntime, base: string): Promise<Trained> {
    const lessons = batches();
    return learn(name, base, network(), options, lessons, [lessons.length]);
  },

  /** Trains a network that is given, with its batches. */
  follow(name: StateRuntime, base: string, lesson: Lesson): Promise<Trained> {
    const { file, shape, images, labels, classes, saveAt } = lesson;
    const lessons = images.map((each, i) => ({
      images: float32(Float32Array.from(each), shape),
      targets: oneHot(labels[i]!, classes),
    }));
    const graph = read(Uint8Array.from(file));
    return learn(name, base, graph, lesson.options, lessons, saveAt);
  },

  /** The gradient of the filters of each case, in each form: numbers by case and form. */
  async gradients(name: StateRuntime, base: string): Promise<Record<string, readonly number[]>> {
    const runtime = await factories[name](base).start(call, () => undefined, true);
    const found: Record<string, readonly number[]> = {};
    for (const each of CASES) {
      for (const form of FORMS) {
        const { graph, gradient, feeds } = gradientOf(each, form);
        const program = await runtime.executor.prepare(graph);
        const results = await program.run(feeds);
        found[`${each.name}, ${form}`] = Array.from(results[gradient]!.data as Float32Array);
        await program.dispose();
      }
    }
    await runtime.dispose();
    return found;
  },
};

/** What the page offers to the test. */
export type StateApi = typeof api;

Object.assign(globalThis, { state: api });
