import { fileURLToPath } from 'node:url';
import { createNodeExecutor } from '@convlens/engine/node';
import { prepare } from '@convlens/runtime';
import { build, type Rolldown } from 'vite';
import { batches, step } from '../pages/small-step.js';
import type { StateApi, StateRuntime } from '../pages/state.js';
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
  const { graph, carry, initial, loss } = step();
  const program = await prepare(createNodeExecutor(), graph, { carry });
  await program.write(initial);
  const losses: number[] = [];
  for (const batch of batches()) {
    losses.push(Number((await program.run(batch, [loss]))[loss]!.data[0]));
  }
  const found = await program.read();
  await program.dispose();
  return { losses, state: found };
}

const RUNTIMES: readonly StateRuntime[] = ['ort-webgpu', 'tfjs-webgl', 'tfjs-webgpu'];

for (const runtime of RUNTIMES) {
  test(`a network learns on ${runtime} as in Node, its state on the GPU`, async ({ page }) => {
    test.setTimeout(600_000);
    const base = galleryUrl('plain');
    // GPUs are only there for pages that are served.
    await page.route(`${base}state.html`, (route) =>
      route.fulfill({ contentType: 'text/html', body: '<!doctype html><title>State</title>' }),
    );
    await page.goto(`${base}state.html`);
    await page.addScriptTag({ type: 'module', content: await script });
    await page.waitForFunction(() => 'state' in globalThis);
    const found = await page.evaluate(([name, files]) => state.train(name, files), [
      runtime,
      `${base}runtime/`,
    ] as const);
    const right = await expected();
    found.losses.forEach((loss, i) => {
      expect(Math.abs(loss / right.losses[i]! - 1)).toBeLessThan(1e-4);
    });
    for (const [name, { data }] of Object.entries(right.state)) {
      const values = Array.from(data as Float32Array);
      const distance = Math.hypot(...values.map((value, i) => value - found.state[name]![i]!));
      expect(distance, name).toBeLessThan(1e-3 * Math.hypot(...values) + 1e-6);
    }
    const [held, read, after] = found.tensors;
    // All that is carried, whatever else the runtime holds.
    expect(held).toBeGreaterThanOrEqual(Object.keys(right.state).length);
    expect(read).toBe(held);
    expect(after).toBe(0);
  });
}
