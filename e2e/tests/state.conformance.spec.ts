import { fileURLToPath } from 'node:url';
import { createNodeExecutor } from '@convlens/engine/node';
import { LATER, full } from '@convlens/tooling/tier.mjs';
import { Trainer } from '@convlens/training';
import { build, type Rolldown } from 'vite';
import {
  arraysOf,
  hasTrainingReferences,
  lossOf,
  networkFile,
  optimizerOf,
  partOf,
  trajectories,
} from '../../packages/engine/test/support/training-references.js';
import { CASES, FORMS, gradientOf } from '../pages/filter-gradients.js';
import { batches, network, options } from '../pages/small-step.js';
import type { Lesson, StateApi, StateRuntime } from '../pages/state.js';
import type { Page } from '@playwright/test';
import { expect, galleryUrl, test } from '../support/viewer.js';

declare const state: StateApi;

/** The page's script in one piece. */
const script = (async () => {
  const entry = fileURLToPath(new URL('../pages/state.ts', import.meta.url));
  const made = (await build({
    configFile: false,
    logLevel: 'error',
    resolve: { conditions: ['onnxruntime-web-use-extern-wasm', 'module', 'browser', 'import'] },
    build: {
      write: false,
      lib: { entry, formats: ['es'], fileName: 'state' },
      rolldownOptions: { output: { codeSplitting: false } },
    },
  })) as Rolldown.RolldownOutput[];
  return made[0]!.output[0].code;
})();

/** The same steps in Node. */
async function expected() {
  const trainer = await Trainer.start(createNodeExecutor(), network(), options);
  const losses: number[] = [];
  for (const { images, targets } of batches()) {
    losses.push((await trainer.step(images, targets)).loss);
  }
  const weights = await trainer.weights();
  await trainer.dispose();
  return { losses, weights };
}

/** A page that is served, as GPUs are only there for such. */
async function open(page: Page): Promise<string> {
  const base = galleryUrl('plain');
  await page.route(`${base}state.html`, (route) =>
    route.fulfill({ contentType: 'text/html', body: '<!doctype html><title>State</title>' }),
  );
  await page.goto(`${base}state.html`);
  await page.addScriptTag({ type: 'module', content: await script });
  await page.waitForFunction(() => 'state' in globalThis);
  return `${base}runtime/`;
}

const RUNTIMES: readonly StateRuntime[] = ['ort-webgpu', 'tfjs-webgl', 'tfjs-webgpu'];

for (const runtime of RUNTIMES) {
  test(`a network learns on ${runtime} as in Node, its state on the GPU`, async ({ page }) => {
    test.setTimeout(600_000);
    const files = await open(page);
    const found = await page.evaluate(([name, base]) => state.train(name, base), [
      ...([runtime, files] as const),
    ] as const);
    const right = await expected();
    const { losses } = found;
    losses.forEach((loss, i) => {
      expect(Math.abs(loss / right.losses[i]! - 1)).toBeLessThan(1e-4);
    });
    for (const [name, { data }] of Object.entries(right.weights)) {
      const values = Array.from(data as Float32Array);
      const own = found.weights[losses.length]![name]!;
      const distance = Math.hypot(...values.map((value, i) => value - own[i]!));
      expect(distance, name).toBeLessThan(1e-3 * Math.hypot(...values) + 1e-6);
    }
    const [held, read, after] = found.tensors;
    // All that is carried, whatever else the runtime holds.
    expect(held).toBeGreaterThanOrEqual(Object.keys(right.weights).length);
    expect(read).toBe(held);
    expect(after).toBe(0);
  });
}

/** Least that is allowed on a GPU, relative L2. */
const ON_GPU = 1e-3;
const SAVE_AT = [1, 10, 50] as const;

for (const runtime of RUNTIMES) {
  for (const name of ['efl', 'mlp', 'cnn', 'bn'] as const) {
    test(`${name} learns by Adam on ${runtime} as in PyTorch`, async ({ page }) => {
      test.skip(!hasTrainingReferences, 'The trajectories of references/training are not there.');
      test.skip(!full, LATER);
      test.setTimeout(1_200_000);
      const trajectory = trajectories().find(
        (one) => one.network === name && one.optimizer === 'adam' && one.loss === 'cross_entropy',
      )!;
      const data = arraysOf(`${name}_data.npz`);
      const reference = arraysOf(trajectory.file);
      const steps = Array.from({ length: SAVE_AT.at(-1)! }, (_, i) => i);
      const labels = steps.map((i) => Array.from(partOf(data.t!, i)));
      const batch = labels[0]!.length;
      const lesson: Lesson = {
        ...{ labels, file: Array.from(networkFile(name)), saveAt: SAVE_AT },
        options: { batch, loss: lossOf(trajectory), optimizer: optimizerOf(trajectory) },
        shape: [batch, ...data.x!.shape.slice(2)],
        images: steps.map((i) => Array.from(partOf(data.x!, i))),
        classes: Math.max(...labels.flat()) + 1,
      };
      const files = await open(page);
      const found = await page.evaluate(([on, base, what]) => state.follow(on, base, what), [
        ...([runtime, files, lesson] as const),
      ] as const);
      for (const step of SAVE_AT) {
        let [difference, size] = [0, 0];
        for (const [key, values] of Object.entries(found.weights[step]!)) {
          const right = reference[`step${step}/${key}`]!.data as Float32Array;
          right.forEach((value, i) => {
            difference += (values[i]! - value) ** 2;
            size += value ** 2;
          });
        }
        const allowed = Math.max(20 * trajectory.noise[step], ON_GPU);
        expect(Math.sqrt(difference / size), `after step ${step}`).toBeLessThan(allowed);
      }
      found.losses.forEach((loss, i) => {
        const right = Number(reference.losses!.data[i]);
        expect(Math.abs(loss / right - 1), `loss of step ${i + 1}`).toBeLessThan(5e-3);
      });
    });
  }
}

/** The gradients of filters as they are written, in Node, by case. */
async function expectedGradients(): Promise<ReadonlyMap<string, Float32Array>> {
  const found = new Map<string, Float32Array>();
  for (const each of CASES) {
    const { graph, gradient, feeds } = gradientOf(each, 'direct');
    const program = await createNodeExecutor().prepare(graph);
    found.set(each.name, (await program.run(feeds))[gradient]!.data as Float32Array);
    await program.dispose();
  }
  return found;
}

test('the forms of a filter’s gradient are different graphs', () => {
  // Of one channel and one image nothing is exchanged, and groups have no other form.
  const others = CASES.filter(({ x, parameters }) => x[1] > 1 && parameters?.group === undefined);
  expect(others).toHaveLength(7);
  for (const each of others) {
    const [direct, taps, images] = FORMS.map(
      (form) => new Set(gradientOf(each, form).graph.nodes.map(({ op }) => op)),
    ) as [Set<string>, Set<string>, Set<string>];
    const forms = [direct, taps, images];
    expect(
      forms.map((ops) => ops.has('MatMul')),
      each.name,
    ).toEqual([false, true, true]);
    expect(
      forms.map((ops) => ops.has('Conv')),
      each.name,
    ).toEqual([true, false, false]);
  }
});

for (const runtime of RUNTIMES) {
  test(
    `the gradient of filters on ${runtime} is that in Node, in each form`,
    { tag: '@full' },
    async ({ page }) => {
      test.setTimeout(600_000);
      const files = await open(page);
      const asked = [runtime, files] as const;
      const found = await page.evaluate(([name, base]) => state.gradients(name, base), asked);
      const right = await expectedGradients();
      for (const { name } of CASES) {
        const values = Array.from(right.get(name)!);
        for (const form of FORMS) {
          const actual = found[`${name}, ${form}`]!;
          expect(actual, name).toHaveLength(values.length);
          const distance = Math.hypot(...values.map((value, i) => value - actual[i]!));
          // Sums of up to a few hundred products of float32.
          expect(distance, `${name}, ${form}`).toBeLessThan(1e-5 * Math.hypot(...values));
        }
      }
    },
  );
}
