import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { BrowserContext, Page, Route } from '@playwright/test';
import { float32, write, type Graph } from '@convlens/onnx';
import { expect, test, type Viewer } from '../support/viewer.js';

const resnet = readFileSync(fileURLToPath(new URL('../../models/resnet18.onnx', import.meta.url)));
const missing = { status: 404, contentType: 'text/plain', body: 'Not found' };
const html = { status: 200, contentType: 'text/html', body: '<!doctype html><title>404</title>' };

/** What goes wrong, at which address, and the sentence that says so. */
const FAILURES: readonly (readonly [
  what: string,
  address: string,
  answer: Parameters<Route['fulfill']>[0] | 'abort',
  words: RegExp,
])[] = [
  ['a network that is missing', '**/models/resnet18.onnx', missing, /ResNet-18.*answered 404/],
  ['a network that is a page', '**/models/resnet18.onnx', html, /ResNet-18.*checksum/],
  [
    'a network that is cut off',
    '**/models/resnet18.onnx',
    { status: 200, body: resnet.subarray(0, 5000) },
    /ResNet-18.*checksum/,
  ],
  ['a missing list of networks', '**/models/manifest.json', missing, /list of networks/],
  ['missing class names', '**/models/*.txt', missing, /class names of ResNet-18/],
  ['a missing list of samples', '**/samples/samples.json', missing, /list of sample pictures/],
  ['a missing worker script', '**/engine.worker-*.js', missing, /compute worker could not be/],
  ['a worker that is a page', '**/engine.worker-*.js', html, /compute worker could not be/],
  ['a missing computing part', '**/backends-web-*.js', 'abort', /computing part/],
  ['a missing kind of work', '**/activations-*.js', 'abort', /computing part/],
];

/** Opens the viewer at a link, and waits for nothing: there may be nothing to wait for. */
async function link(page: Page, { base }: Viewer, hash: string): Promise<void> {
  await page.goto(`${base}filter-viewer/#v=1&${hash}`);
}

/** Everything that the page had to do is done, so that whatever takes a sentence off the page has had its chance. */
async function atRest(page: Page): Promise<void> {
  await expect(page.locator('filter-viewer .progress')).toHaveCount(0);
  await page.evaluate(async () => {
    for (let i = 0; i < 30; i++) await new Promise((resolve) => requestAnimationFrame(resolve));
  });
}

const fail = (context: BrowserContext, address: string, answer: (typeof FAILURES)[number][2]) =>
  context.route(address, (route) => (answer === 'abort' ? route.abort() : route.fulfill(answer)));

test.describe('a failure stands until it is mended, and trying again mends it', () => {
  for (const [what, address, answer, words] of FAILURES) {
    test(what, async ({ viewer, page, context }) => {
      await fail(context, address, answer);
      await link(page, viewer, 'network=resnet18&layer=conv1&view=maps');
      await expect(viewer.problem).toContainText(words, { timeout: 90_000 });
      await atRest(page);
      await expect(viewer.problem).toContainText(words);
      // As long as it is not mended, trying again says the same.
      await viewer.problem.getByRole('button', { name: 'Try again' }).click();
      await atRest(page);
      await expect(viewer.problem).toContainText(words, { timeout: 90_000 });
      await context.unroute(address);
      await viewer.problem.getByRole('button', { name: 'Try again' }).click();
      await expect(viewer.classes).toHaveCount(5, { timeout: 90_000 });
      await expect(viewer.problem).toHaveCount(0);
      await expect(page.locator('lens-image-strip .sample').first()).toBeVisible();
    });
  }
});

test('a script of the page that is missing is said in the place of its element', async ({
  viewer,
  page,
  context,
}) => {
  await context.route('**/assets/define-*.js', (route) => route.abort());
  await context.route('**/assets/filter-viewer-*.js', (route) => route.abort());
  await link(page, viewer, 'network=resnet18');
  await expect(page.locator('filter-viewer [data-code="E_ELEMENT"]')).toContainText(
    /could not be loaded.*reload the page/i,
  );
  await context.unrouteAll();
  await page.getByRole('button', { name: 'Reload the page' }).click();
  await expect(viewer.classes).toHaveCount(5, { timeout: 90_000 });
});

// Twenty seconds of silence; how they are counted has a test of its own (packages/engine/test/patience.test.ts).
test(
  'a runtime file that never comes is said',
  { tag: '@full' },
  async ({ viewer, page, context }) => {
    test.setTimeout(240_000);
    const routes: Route[] = [];
    await context.route('**/runtime/*.wasm', (route) => void routes.push(route));
    await link(page, viewer, 'network=resnet18&layer=conv1&view=maps');
    await expect(viewer.problem).toContainText(/nothing for 20 s/, { timeout: 120_000 });
    await atRest(page);
    await context.unroute('**/runtime/*.wasm');
    for (const route of routes) await route.abort().catch(() => undefined);
    await viewer.problem.getByRole('button', { name: 'Try again' }).click();
    await expect(viewer.classes).toHaveCount(5, { timeout: 90_000 });
  },
);

test('an unknown network, image or layer is said, and nothing else is opened in its place', async ({
  viewer,
  page,
}) => {
  const errors: string[] = [];
  await page.exposeFunction('said', (code: string) => errors.push(code));
  await page.addInitScript(() => {
    addEventListener(
      'error',
      (event) => {
        const { code } = event as Event & { code?: string };
        if (code) (globalThis as unknown as { said: (code: string) => void }).said(code);
      },
      { capture: true },
    );
  });
  await link(page, viewer, 'network=nosuch');
  await expect(viewer.problem).toContainText(/no network "nosuch".*resnet18/);
  await atRest(page);
  await expect(page.locator('lens-spine [data-layer]')).toHaveCount(0);
  await viewer.network().selectOption('AlexNet');
  await expect(viewer.classes).toHaveCount(5, { timeout: 90_000 });
  await expect(viewer.problem).toHaveCount(0);
  await page.evaluate(() => (location.hash = '#v=1&network=alexnet&image=nosuch'));
  await expect(viewer.problem).toContainText(/no sample picture "nosuch".*lemon/);
  await viewer.problem.getByRole('button', { name: 'Close' }).click();
  await page.evaluate(() => (location.hash = '#v=1&network=alexnet&layer=nosuch&view=maps'));
  await expect(viewer.problem).toContainText(/AlexNet has no layer "nosuch"/);
  await viewer.layer('relu2').click();
  await expect(viewer.problem).toHaveCount(0);
  await expect(viewer.readout).toContainText('relu2: 80');
  expect([...new Set(errors)].sort()).toEqual(['E_ARGUMENT', 'E_LAYER_UNKNOWN']);
});

/** A network of one convolution over a large image: small as a file, too large for any memory of 4 GB. */
function huge(): Uint8Array {
  const value = (name: string): Graph['inputs'][number] => ({
    name,
    dtype: 'float32',
    shape: [1, name === 'x' ? 3 : 64, 4096, 4096],
  });
  return write({
    name: 'huge',
    opset: 13,
    otherOpsets: {},
    inputs: [value('x')],
    outputs: [value('z')],
    nodes: [
      {
        name: 'conv',
        op: 'Conv',
        domain: '',
        inputs: ['x', 'w'],
        outputs: ['y'],
        attributes: { pads: { type: 'ints', value: [1, 1, 1, 1] } },
      },
      { name: 'relu', op: 'Relu', domain: '', inputs: ['y'], outputs: ['z'], attributes: {} },
    ] as Graph['nodes'],
    initializers: new Map([['w', float32(new Float32Array(64 * 27).fill(0.01), [64, 3, 3, 3])]]),
    values: new Map(),
    metadata: new Map(),
    producer: 'test',
  });
}

test('a network that is too large for the runtime leaves the others working', async ({
  viewer,
}) => {
  test.setTimeout(300_000);
  await viewer.open('network=alexnet&layer=relu2&view=maps');
  await expect(viewer.classes).toHaveCount(5);
  const before = await viewer.classes.allInnerTexts();
  await viewer.chooseFile('Your ONNX…', {
    name: 'huge.onnx',
    mimeType: 'application/octet-stream',
    buffer: Buffer.from(huge()),
  });
  await expect(viewer.problem).toContainText(/more memory|could not run|could not prepare/, {
    timeout: 240_000,
  });
  await viewer.network().selectOption('AlexNet');
  await viewer.layer('relu2').click();
  await expect(viewer.classes).toHaveText(before, { timeout: 120_000 });
  await expect(viewer.problem).toHaveCount(0);
});

test('a worker that is caught in its work ends when it is told to stop, and the rest goes on', async ({
  viewer,
  page,
}) => {
  await viewer.open('network=alexnet&layer=relu2&view=maps');
  await expect(viewer.classes).toHaveCount(5);
  const before = await viewer.classes.allInnerTexts();
  const [worker] = page.workers();
  // Whatever keeps a worker busy for ever: it hears nothing any more.
  void worker!
    .evaluate(() => {
      for (;;);
    })
    .catch(() => undefined);
  await viewer.network().selectOption('VGG-11');
  await page.getByRole('button', { name: 'Cancel' }).click();
  await expect(page.getByText(/did not stop when it was told to.*nothing is lost/)).toBeVisible({
    timeout: 30_000,
  });
  await viewer.layer('relu1').click();
  await expect(viewer.readout).toContainText('relu1: 32', { timeout: 90_000 });
  await expect(viewer.classes).toHaveText(before);
});
