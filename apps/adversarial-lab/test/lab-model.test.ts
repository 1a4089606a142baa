import type { JobAnswer } from '@convlens/engine';
import { LensError } from '@convlens/onnx';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { FakeEngine, untilAborted } from '../../../packages/elements/test/fake-engine.js';
import { stubLists } from '../../../packages/elements/test/fake-lists.js';
import { tinyActivations } from '../../../packages/elements/test/tiny-network.js';
import { LabModel } from '../src/lab-model.js';
import { linkSchema, type LabState } from '../src/state.js';

const fallbacks = Object.fromEntries(
  Object.entries(linkSchema).map(([key, { fallback }]) => [key, fallback]),
) as unknown as LabState;

let engine: FakeEngine;
let model: LabModel;

async function open(link: Partial<LabState> = {}): Promise<void> {
  const state = { ...fallbacks, network: 'alexnet', image: 'lemon', ...link };
  model = new LabModel({ engine, session: engine.session(), state, changed: () => undefined });
  await model.open(new Set(Object.keys(link)));
}

const picture = { width: 8, height: 8, data: new Uint8ClampedArray(256) };
const stands = { picture, logits: Float32Array.of(1, 3) };
const fooled = {
  label: 0,
  settings: {},
  file: { ...stands, success: true },
} as unknown as JobAnswer<'attack'>;

const finished = (): Promise<void> => vi.waitFor(() => expect(model.finished).toBeDefined());
const attacks = () => engine.requests('attack');

beforeEach(() => {
  stubLists();
  engine = new FakeEngine();
  engine.jobs.activations = ({ layers }) => tinyActivations(layers);
  engine.jobs.attack = () => fooled;
});

afterEach(() => {
  model[Symbol.dispose]();
  vi.unstubAllGlobals();
});

describe('the first attack', () => {
  it('is a preset where nothing was asked for, towards the least likely class where its own is not there', async () => {
    await open();
    await finished();
    expect(attacks()).toHaveLength(1);
    expect(attacks()[0]!.target).toBe(1);
  });

  it('is that of the link', async () => {
    await open({ attack: 'fgsm', set: 'eps:4/255', target: 1, seed: 7 });
    await vi.waitFor(() => expect(attacks()).toHaveLength(1));
    expect(attacks()[0]).toMatchObject({ method: 'fgsm', target: 1, seed: 7 });
    expect(attacks()[0]!.settings).toMatchObject({ eps: 4 / 255 });
  });

  it('leaves out a class that the network does not have', async () => {
    await open({ target: 40 });
    await finished();
    expect(attacks()[0]!.target).toBeUndefined();
  });
});

describe('an attack', () => {
  it('ends when another is chosen; the last picture stays until there is a new one', async () => {
    engine.jobs.attack = (_, options) => {
      options.onFrame?.({ ...stands, done: 1, total: 10 });
      return untilAborted(options);
    };
    await open({ attack: 'pgd' });
    await vi.waitFor(() => expect(model.run?.status).toBe('running'));
    const first = model.run!;
    engine.jobs.attack = () => fooled;
    model.choose({ attack: 'bim' });
    expect(first.status).toBe('stopped');
    expect(model.run!.picture).toBe(picture);
    await finished();
    expect(model.problem).toBeUndefined();
    expect(attacks().map(({ method }) => method)).toEqual(['pgd', 'bim']);
  });

  it('that fails says why; “Try again” attacks again', async () => {
    engine.refused.set('attack', new LensError('E_RUN', 'The loss is not finite.'));
    await open({ attack: 'pgd' });
    await vi.waitFor(() => expect(model.problem?.message).toBe('The loss is not finite.'));
    engine.refused.clear();
    model.problem!.retry!();
    await finished();
    expect(model.problem).toBeUndefined();
  });

  it('has its result kept until there is another, or another picture', async () => {
    await open({ attack: 'pgd' });
    await finished();
    expect(model.result).toBeDefined();
    // Pixels have no name.
    expect(engine.open.filter((name) => name === '')).toHaveLength(1);
    model.begin();
    await vi.waitFor(() => expect(attacks()).toHaveLength(2));
    await vi.waitFor(() => expect(model.finished).toBe(model.run));
    expect(engine.open.filter((name) => name === '')).toHaveLength(1);
    engine.jobs.attack = (_, options) => untilAborted(options);
    await model.chooseImage({ kind: 'sample', id: 'owl' });
    expect(model.result).toBeUndefined();
    expect(engine.open.filter((name) => name === '')).toEqual([]);
  });

  it('has a recipe, which says of which file of the network it is', async () => {
    await open({ attack: 'pgd', seed: 3 });
    expect(model.recipe()).toBeUndefined();
    await finished();
    expect(model.recipe()).toMatchObject({
      ...{ network: 'alexnet', image: 'lemon', attack: 'pgd', label: 0, seed: 3 },
    });
  });
});

describe('a layer', () => {
  it('that a link names and the network does not have is said, and not taken for none', async () => {
    await open({ layer: 'conv9' });
    expect(model.problem?.message).toMatch(/ALEXNET has no layer "conv9"/);
    await finished();
    expect(model.problem).toBeDefined();
    model.showLayer('conv2');
    expect(model.problem).toBeUndefined();
  });

  it('of another network gives way to one of the new network', async () => {
    await open({ layer: 'conv2' });
    await finished();
    engine.summaries.set('vgg11', { layers: [] });
    await model.chooseNetwork('vgg11');
    expect([model.state.layer, model.problem]).toEqual(['', undefined]);
  });
});

describe('a network', () => {
  it('that tells no classes apart is refused, and the one before stays', async () => {
    await open();
    await finished();
    engine.summaries.set('vgg11', { logits: { value: 'fc', classes: 1 } });
    await model.chooseNetwork('vgg11');
    expect(model.problem?.message).toMatch(/at least two classes to fool, but VGG11 has one/);
    expect(model.network?.id).toBe('alexnet');
    expect(model.finished).toBeDefined();
    expect(engine.open).not.toContain('vgg11');
  });

  it('takes the place of the one before, with an attack of its own', async () => {
    await open({ attack: 'fgsm' });
    await finished();
    await model.chooseNetwork('vgg11');
    await vi.waitFor(() => expect(attacks().at(-1)).toMatchObject({ network: 'vgg11' }));
    expect(engine.open).not.toContain('alexnet');
  });
});

it('gives everything back when the element is gone', async () => {
  await open();
  await finished();
  model[Symbol.dispose]();
  expect(engine.open).toEqual([]);
});
