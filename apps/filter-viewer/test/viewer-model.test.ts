import { LensError } from '@convlens/onnx';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { FakeEngine, untilAborted } from '../../../packages/elements/test/fake-engine.js';
import { stubLists } from '../../../packages/elements/test/fake-lists.js';
import { FAKE_BACKEND, tinyActivations } from '../../../packages/elements/test/tiny-network.js';
import { linkSchema, type ViewerState } from '../src/state.js';
import { ViewerModel } from '../src/viewer-model.js';

const fallbacks = Object.fromEntries(
  Object.entries(linkSchema).map(([key, { fallback }]) => [key, fallback]),
) as unknown as ViewerState;

let engine: FakeEngine;
let model: ViewerModel;

/** A viewer as a link opens it. */
async function open(link: Partial<ViewerState> = {}): Promise<void> {
  const state = { ...fallbacks, network: 'alexnet', ...link };
  model = new ViewerModel({ engine, session: engine.session(), state, changed: () => undefined });
  await model.open(new Set(Object.keys(link)));
}

/** Everything that was begun is done. */
const settled = (): Promise<void> => vi.waitFor(() => expect(model.busy.size).toBe(0));
const lastMaps = () => engine.requests('activations').at(-1);

beforeEach(() => {
  stubLists();
  engine = new FakeEngine();
  engine.jobs.kernels = ({ layer }) => ({
    layer,
    units: 4,
    held: 4,
    inputs: 3,
    height: 1,
    width: 1,
    colour: true,
    data: new Float32Array(12),
    ...{ low: new Float32Array(4), high: new Float32Array(4), mean: new Float32Array(4) },
    norm: new Float32Array(4),
  });
  engine.jobs.activations = ({ layers }) => tinyActivations(layers);
  engine.jobs.attribution = () => ({
    map: { dtype: 'float32', shape: [8, 8], data: new Float32Array(64) },
    notes: [],
    backend: FAKE_BACKEND,
    runMs: 1,
  });
  engine.jobs.projections = () => ({ projections: [], backend: FAKE_BACKEND, runMs: 1 });
});

afterEach(() => {
  model[Symbol.dispose]();
  vi.unstubAllGlobals();
});

describe('what is opened', () => {
  it('shows the filters of the first convolution and what the network says to the first picture', async () => {
    await open();
    await vi.waitFor(() => expect(model.kernels?.layer).toBe('conv1'));
    await vi.waitFor(() => expect(model.readings.maps?.layer).toBe('conv1'));
    expect(model.readings.scores.map(({ index }) => index)).toEqual([0, 1]);
    expect(model.state).toMatchObject({ network: 'alexnet', image: 'lemon', layer: 'conv1' });
    expect(model.names).toEqual(['cat', 'dog']);
  });

  it('stays where another network cannot be had; “Try again” opens that one', async () => {
    await open();
    await settled();
    engine.refused.set('vgg11', new LensError('E_FETCH', 'The server is away.'));
    await model.chooseNetwork('vgg11');
    expect(model.problem?.message).toBe('The server is away.');
    expect(model.network?.id).toBe('alexnet');
    expect(model.readings.maps).toBeDefined();
    engine.refused.clear();
    model.problem!.retry!();
    await vi.waitFor(() => expect(model.network?.id).toBe('vgg11'));
    await settled();
    expect(model.problem).toBeUndefined();
    expect(engine.open).toEqual(['Lemon', 'vgg11']);
  });

  it('is given back when the element is gone', async () => {
    await open();
    await settled();
    model[Symbol.dispose]();
    expect(engine.open).toEqual([]);
  });
});

describe('a layer', () => {
  it('that a link names and the network does not have is said, and not taken for another', async () => {
    await open({ layer: 'conv9' });
    expect(model.problem?.message).toMatch(/ALEXNET has no layer "conv9".*conv1, relu1/);
    expect(model.state.layer).toBe('conv9');
    model.chooseLayer('relu1');
    expect(model.problem).toBeUndefined();
  });

  it('keeps the pinned unit where it has as many, and lets it go where it has not', async () => {
    await open({ channel: 2 });
    model.chooseLayer('relu1');
    expect(model.state.channel).toBe(2);
    model.chooseLayer('conv2');
    expect(model.state.channel).toBeUndefined();
  });

  it('without weights shows those of the convolution before it', async () => {
    await open({ layer: 'pool1' });
    await vi.waitFor(() => expect(model.kernels?.layer).toBe('conv1'));
    expect(lastMaps()?.layers).toEqual(['pool1']);
  });
});

it('pins a unit that is named without its layer, where the first layer has it', async () => {
  await open({ channel: 2 });
  expect(model.state).toMatchObject({ layer: 'conv1', channel: 2 });
  model[Symbol.dispose]();
  await open({ channel: 4 });
  expect(model.state).toMatchObject({ layer: 'conv1', channel: undefined });
});

describe('a lens that is left', () => {
  it('takes along what it was computing, and its failure', async () => {
    await open({ view: 'maps' });
    await settled();
    let ended = false;
    engine.jobs.kernels = (_, options) =>
      untilAborted(options).catch((error: unknown) => {
        ended = true;
        throw error;
      });
    model.show({ view: 'filters' });
    await vi.waitFor(() => expect(engine.requests('kernels')).toHaveLength(1));
    model.show({ view: 'maps' });
    await vi.waitFor(() => expect(ended).toBe(true));
    await settled();
    expect(model.problem).toBeUndefined();
  });
});

describe('maps that cannot be computed', () => {
  it('leave those before them, and say why until they can', async () => {
    await open({ view: 'maps' });
    await vi.waitFor(() => expect(model.readings.maps?.layer).toBe('conv1'));
    engine.refused.set('activations', new LensError('E_RUN', 'Not enough memory.'));
    model.chooseLayer('conv2');
    await vi.waitFor(() => expect(model.problem?.code).toBe('E_RUN'));
    expect(model.readings.maps?.layer).toBe('conv1');
    engine.refused.clear();
    model.problem!.retry!();
    await vi.waitFor(() => expect(model.readings.maps?.layer).toBe('conv2'));
    expect(model.problem).toBeUndefined();
  });
});

describe('what is carried back', () => {
  it('is the strongest channel of the layer, or the pinned one at its pinned place', async () => {
    await open({ view: 'projections' });
    await vi.waitFor(() => expect(engine.requests('projections')).toHaveLength(1));
    expect(engine.requests('projections')[0]).toMatchObject({
      target: { kind: 'channel', layer: 'conv1', channel: 3 },
      rules: ['backprop', 'deconvnet', 'guided'],
    });
    await settled();
    model.choosePlace(5, 6);
    model.chooseUnit(1);
    await vi.waitFor(() => expect(engine.requests('projections')).toHaveLength(2));
    expect(engine.requests('projections')[1]!.target).toMatchObject({ channel: 1 });
  });

  it('is attributed to the most probable class, or to the unit at its strongest place', async () => {
    await open({ view: 'attribution' });
    await vi.waitFor(() => expect(engine.requests('attribution')).toHaveLength(1));
    expect(engine.requests('attribution')[0]).toMatchObject({
      method: 'saliency',
      target: { kind: 'class', index: 0 },
    });
    await settled();
    model.chooseAttribution({ of: 'unit' });
    await vi.waitFor(() => expect(engine.requests('attribution')).toHaveLength(2));
    // The fake's channels are strongest in row 1, column 2 of 8.
    expect(engine.requests('attribution')[1]!.target).toEqual({
      ...{ kind: 'neuron', layer: 'conv1', channel: 3, row: 1, column: 2 },
    });
  });
});
