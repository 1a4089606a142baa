import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { writePng } from '@convlens/data/png';
import { float32, write, type Graph, type Node } from '@convlens/onnx';
import { expect, test, type Viewer } from '../support/viewer.js';

const resnet = readFileSync(fileURLToPath(new URL('../../models/resnet18.onnx', import.meta.url)));

/** Gives the viewer a network file. */
const giveNetwork = (viewer: Viewer, name: string, buffer: Uint8Array): Promise<void> =>
  viewer.chooseFile('Your ONNX…', {
    name,
    mimeType: 'application/octet-stream',
    buffer: Buffer.from(buffer),
  });

/** A graph of one node after an optional convolution. */
function graphWith(node: Node, convolution: boolean): Graph {
  const info = (name: string): { name: string; dtype: 'float32'; shape: (string | number)[] } => ({
    name,
    dtype: 'float32',
    shape: ['N', 3, 8, 8],
  });
  const conv: Node = {
    name: 'first',
    op: 'Conv',
    domain: '',
    inputs: ['x', 'w'],
    outputs: ['c'],
    attributes: {},
  };
  return {
    name: 'test',
    opset: 13,
    otherOpsets: {},
    inputs: [info('x')],
    outputs: [{ name: 'y', dtype: 'float32', shape: undefined }],
    nodes: convolution ? [conv, node] : [node],
    initializers: new Map(
      convolution ? [['w', float32(new Float32Array(4 * 3 * 9).fill(0.1), [4, 3, 3, 3])]] : [],
    ),
    values: new Map(),
    metadata: new Map(),
    producer: 'test',
  };
}

const node = (name: string, op: string, input: string): Node => ({
  name,
  op,
  domain: '',
  inputs: [input],
  outputs: ['y'],
  attributes: {},
});

/** After a failure: the sentence is there, and network, layer and pictures are what they were. */
async function nothingLost(viewer: Viewer, code: string, words: RegExp): Promise<void> {
  await expect(viewer.problem).toHaveAttribute('data-code', code);
  await expect(viewer.problem).toContainText(words);
  await expect(viewer.network()).toHaveValue('alexnet');
  await expect(viewer.layer('relu2')).toHaveAttribute('aria-selected', 'true');
  await expect(viewer.unit(4)).toHaveAttribute('aria-selected', 'true');
  await expect(viewer.classes).toHaveCount(5);
  expect(await viewer.colours()).toBeGreaterThan(50);
  await viewer.problem.getByRole('button', { name: 'Close' }).click();
  await expect(viewer.problem).toHaveCount(0);
}

test.describe('bad input is explained and loses nothing', () => {
  test.beforeEach(async ({ viewer }) => {
    await viewer.open('network=alexnet&layer=relu2&channel=4&view=maps');
    await expect(viewer.classes).toHaveCount(5);
  });

  test('network files', { tag: '@isolated' }, async ({ viewer }) => {
    await giveNetwork(viewer, 'page.onnx', Buffer.from('<!doctype html><title>404</title>'));
    await nothingLost(viewer, 'E_ONNX_NOT_ONNX', /HTML/);
    await giveNetwork(
      viewer,
      'noise.onnx',
      Uint8Array.from({ length: 5000 }, (_, i) => (i * 7919) % 251),
    );
    await expect(viewer.problem).toHaveAttribute('data-code', /E_ONNX_/);
    await giveNetwork(viewer, 'half.onnx', resnet.subarray(0, resnet.length >> 1));
    await nothingLost(viewer, 'E_ONNX_TRUNCATED', /ends early|truncated|incomplete|cut/i);
    await giveNetwork(
      viewer,
      'odd.onnx',
      write(graphWith(node('spectrum', 'Bernoulli', 'c'), true)),
    );
    await nothingLost(viewer, 'E_OP_UNSUPPORTED', /Bernoulli.*spectrum|spectrum.*Bernoulli/);
    await viewer.shot('error');
    await giveNetwork(viewer, 'flat.onnx', write(graphWith(node('only', 'Relu', 'x'), false)));
    await nothingLost(viewer, 'E_NO_CONVOLUTION', /no convolution/i);
  });

  test('images', async ({ viewer, page }) => {
    await viewer.chooseFile('Photo…', {
      name: 'a.png',
      mimeType: 'image/png',
      buffer: Buffer.from('not a picture'),
    });
    await nothingLost(viewer, 'E_IMAGE', /Expected an image/);
    const wide = writePng({ width: 20_000, height: 3, data: new Uint8Array(240_000).fill(200) });
    await viewer.chooseFile('Photo…', {
      name: 'wide.png',
      mimeType: 'image/png',
      buffer: Buffer.from(wide),
    });
    await nothingLost(viewer, 'E_IMAGE', /20,000 x 3 pixels.*Make it smaller/);
    for (const url of [`${viewer.base}nothing-here.png`, 'http://localhost:9/dead.png']) {
      await page.getByRole('button', { name: 'Link…' }).click();
      await page.getByLabel('Address of an image').fill(url);
      await page.getByRole('button', { name: 'Open', exact: true }).click();
      await nothingLost(viewer, 'E_FETCH', /could not be fetched/);
    }
  });

  test('a refused camera', async ({ viewer, page }) => {
    await page.evaluate(() => {
      navigator.mediaDevices.getUserMedia = () =>
        Promise.reject(new DOMException('Permission denied', 'NotAllowedError'));
    });
    await page.getByRole('button', { name: 'Camera' }).click();
    await nothingLost(viewer, 'E_CAMERA', /Allow the camera for this page/);
  });
});

for (const [what, answer, words] of [
  ['is missing', { status: 404, body: 'Not found' }, /answer 404/],
  [
    'is an HTML page',
    { status: 200, contentType: 'text/html', body: '<!doctype html>' },
    /HTML page/,
  ],
] as const) {
  test(`a runtime file that ${what}: said, filters stay, and trying again works`, async ({
    viewer,
    page,
    context,
  }) => {
    await context.route('**/runtime/*.wasm', (route) => route.fulfill(answer));
    await viewer.open('network=resnet18');
    await expect(viewer.problem).toContainText(words, { timeout: 90_000 });
    await expect(viewer.problem).toContainText(/ONNX Runtime/);
    expect(await viewer.colours()).toBeGreaterThan(300);
    await context.unroute('**/runtime/*.wasm');
    await page.getByRole('button', { name: 'Try again' }).click();
    await expect(viewer.classes).toHaveCount(5, { timeout: 90_000 });
    await expect(viewer.problem).toHaveCount(0);
  });
}

test('a network file that is damaged on the way is refused by its checksum', async ({
  viewer,
  page,
  context,
}) => {
  await viewer.open('network=resnet18');
  await context.route('**/models/vgg11.onnx', (route) =>
    route.fulfill({
      status: 200,
      contentType: 'application/octet-stream',
      body: Buffer.from('damaged'),
    }),
  );
  await viewer.network().selectOption('VGG-11');
  await expect(viewer.problem).toContainText(/checksum/);
  await expect(viewer.readout).toContainText('conv1: 32 filters');
  await context.unroute('**/models/vgg11.onnx');
  await page.getByRole('button', { name: 'Try again' }).click();
  await page.mouse.move(0, 0);
  await expect(viewer.readout).toContainText('conv1_1: 16 filters');
});
