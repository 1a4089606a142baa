import type { NetworkSummary } from '@convlens/engine';
import { LensError } from '@convlens/onnx';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { ImageSelectEvent } from '../src/events.js';
import { Workbench, type OpenImage } from '../src/workbench.js';
import { FakeEngine } from './fake-engine.js';
import { stubLists } from './fake-lists.js';

interface State {
  network: string;
  image: string;
}

/** The least that an app makes of a workbench. */
class Bench extends Workbench<State> {
  refusal: LensError | undefined;

  protected override accept(): void {
    if (this.refusal) throw this.refusal;
  }

  protected override settle(_network: NetworkSummary, id: string): void {
    this.state.network = id;
  }

  protected override settleImage(image: OpenImage): void {
    this.state.image = image.sample;
  }

  openLists(then: () => unknown = () => undefined): Promise<void> {
    return this.lists(then);
  }

  choose(id: string, then?: () => unknown): Promise<boolean> {
    return this.openNetwork(id, then);
  }

  chooseFiles(...files: File[]): Promise<boolean> {
    return this.openFiles(files);
  }

  chooseImage(choice: Exclude<ImageSelectEvent['choice'], { kind: 'camera' }>): Promise<boolean> {
    return this.openImage(choice);
  }
}

let engine: FakeEngine;
let bench: Bench;
const changed = vi.fn();

beforeEach(() => {
  changed.mockClear();
  stubLists();
  engine = new FakeEngine();
  bench = new Bench({
    engine,
    session: engine.session(),
    state: { network: '', image: '' },
    changed,
  });
});

afterEach(() => {
  bench[Symbol.dispose]();
  vi.unstubAllGlobals();
});

const network = (name: string): File => new File(['graph'], name);

describe('a network', () => {
  it('of the list is open with the names of its classes', async () => {
    expect(await bench.choose('vgg11')).toBe(true);
    expect(bench.network?.title).toBe('VGG11');
    expect(bench.names).toEqual(['cat', 'dog']);
    expect(bench.state.network).toBe('vgg11');
    expect(changed).toHaveBeenCalled();
  });

  it('is given back when another takes its place', async () => {
    await bench.choose('vgg11');
    await bench.choose('alexnet');
    expect(engine.open).toEqual(['alexnet']);
    expect(bench.session.handles).toBe(1);
  });

  it('that cannot be opened leaves the one before', async () => {
    await bench.choose('vgg11');
    engine.refused.set('alexnet', new LensError('E_FETCH', 'No answer.'));
    expect(await bench.choose('alexnet')).toBe(false);
    expect(bench.network?.id).toBe('vgg11');
    expect(bench.state.network).toBe('vgg11');
    expect(bench.problem).toMatchObject({ code: 'E_FETCH', task: 'network' });
  });

  it('that the app has no use for is given back, and leaves the one before', async () => {
    await bench.choose('vgg11');
    bench.refusal = new LensError('E_ARGUMENT', 'It has no classes.');
    expect(await bench.choose('alexnet')).toBe(false);
    expect(engine.open).toEqual(['vgg11']);
    expect(bench.state.network).toBe('vgg11');
  });

  it('that there is none of is said, with those that there are', async () => {
    expect(await bench.choose('vgg12')).toBe(false);
    expect(bench.problem?.message).toMatch(/"vgg12".*alexnet, vgg11/);
    expect(engine.asked).toEqual([]);
  });

  it('from a file joins the list once it is open', async () => {
    engine.refused.set('file:broken.onnx', new LensError('E_ONNX_INVALID', 'Not a network.'));
    expect(await bench.chooseFiles(network('broken.onnx'))).toBe(false);
    expect(bench.networks.has('file:broken.onnx')).toBe(false);
    expect(await bench.chooseFiles(network('mine.onnx'))).toBe(true);
    expect(bench.networks.has('file:mine.onnx')).toBe(true);
    expect(bench.networks.titleOf('file:mine.onnx')).toBe('mine');
  });

  it('runs what follows once it is open, also where that is after “Try again”', async () => {
    const then = vi.fn();
    engine.refused.set('vgg11', new LensError('E_FETCH', 'No answer.'));
    await bench.choose('vgg11', then);
    expect(then).not.toHaveBeenCalled();
    engine.refused.clear();
    bench.problem!.retry!();
    await vi.waitFor(() => expect(then).toHaveBeenCalledOnce());
    expect(bench.network?.id).toBe('vgg11');
    expect(bench.problem).toBeUndefined();
  });

  it('asked for before another was open is not held', async () => {
    const slow = bench.choose('vgg11');
    const fast = bench.choose('alexnet');
    expect(await slow).toBe(false);
    expect(await fast).toBe(true);
    expect(engine.open).toEqual(['alexnet']);
    expect(bench.problem).toBeUndefined();
  });
});

describe('an image', () => {
  beforeEach(() => bench.openLists());

  it('is given back when another takes its place, and stays when that cannot be opened', async () => {
    await bench.chooseImage({ kind: 'sample', id: 'lemon' });
    await bench.chooseImage({ kind: 'sample', id: 'owl' });
    expect(engine.open).toEqual(['Owl']);
    engine.refused.set('notes.txt', new LensError('E_IMAGE', 'No picture.'));
    const file = network('notes.txt');
    expect(await bench.chooseImage({ kind: 'file', file, name: file.name })).toBe(false);
    expect(bench.imageTitle).toBe('Owl');
    expect(bench.state.image).toBe('owl');
    expect(bench.problem).toMatchObject({ code: 'E_IMAGE', task: 'image' });
  });

  it('that there is none of is said, with those that there are', async () => {
    expect(await bench.chooseImage({ kind: 'sample', id: 'pear' })).toBe(false);
    expect(bench.problem?.message).toMatch(/"pear".*lemon, owl/);
  });
});

it('has both lists before what follows', async () => {
  const then = vi.fn();
  await bench.openLists(then);
  expect(bench.samples.map(({ id }) => id)).toEqual(['lemon', 'owl', 'lighthouse']);
  expect(bench.networks.options.map(({ id }) => id)).toEqual(['alexnet', 'vgg11']);
  expect(then).toHaveBeenCalledOnce();
});

it('says which backend works instead of the one that was chosen', async () => {
  await bench.chooseBackend('webgpu');
  expect(bench.notice).toBe('There is no WebGPU here.');
  await bench.chooseBackend('wasm');
  expect(bench.notice).toBe('');
});

it('says that another worker has taken over, as long as it is there', () => {
  engine.recover('The worker crashed.');
  expect(bench.notice).toBe('The worker crashed. Another one has taken over; nothing is lost.');
  bench.dismiss();
  bench[Symbol.dispose]();
  engine.recover('The worker crashed again.');
  expect(bench.notice).toBe('');
});

it('gives everything back', async () => {
  await bench.openLists();
  await bench.choose('vgg11');
  await bench.chooseImage({ kind: 'sample', id: 'lemon' });
  expect(engine.open).toHaveLength(2);
  bench[Symbol.dispose]();
  expect(engine.open).toEqual([]);
});
