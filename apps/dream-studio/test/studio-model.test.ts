import type { RecipeRequest, RecipeResult } from '@convlens/engine';
import { LensError } from '@convlens/onnx';
import { clear } from 'idb-keyval';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { FakeEngine, untilAborted } from '../../../packages/elements/test/fake-engine.js';
import { stubLists } from '../../../packages/elements/test/fake-lists.js';
import { FAKE_BACKEND, tinyActivations } from '../../../packages/elements/test/tiny-network.js';
import { linkSchema, type StudioState } from '../src/state.js';
import { StudioModel } from '../src/studio-model.js';

const fallbacks = Object.fromEntries(
  Object.entries(linkSchema).map(([key, { fallback }]) => [key, fallback]),
) as unknown as StudioState;

let engine: FakeEngine;
let model: StudioModel;

/** A frame of a run: an 8 x 8 picture whose objective is the step. */
function frame(step: number, total: number): RecipeResult['frame'] {
  return {
    step,
    total,
    pictures: [{ width: 8, height: 8, data: new Uint8ClampedArray(256).fill(step) }],
    values: [Float32Array.of(step)],
    since: step - 1,
    stepsPerSecond: 1,
    state: { kind: 'dream', step, size: [8, 8], image: new Float32Array(192).fill(step) },
  };
}

const done = ({ recipe, until = recipe.steps }: RecipeRequest): RecipeResult => ({
  frame: frame(until, recipe.steps),
  finished: true,
  backend: FAKE_BACKEND,
});

async function open(link: Partial<StudioState> = {}): Promise<void> {
  const state = { ...fallbacks, network: 'alexnet', ...link };
  model = new StudioModel({ engine, session: engine.session(), state, changed: () => undefined });
  await model.open(new Set(Object.keys(link)));
}

const status = (wanted: string): Promise<void> =>
  vi.waitFor(() => expect(model.run?.status).toBe(wanted));
const recipes = (): readonly RecipeRequest[] => engine.requests('recipe');

beforeEach(async () => {
  await clear();
  stubLists();
  engine = new FakeEngine();
  engine.jobs.recipe = done;
  engine.jobs.activations = ({ layers }) => tinyActivations(layers);
});

afterEach(() => {
  model[Symbol.dispose]();
  vi.unstubAllGlobals();
});

describe('a link', () => {
  it('to a class makes its picture, and asks the network what it sees there', async () => {
    await open({ make: 'class', target: 1 });
    await status('done');
    expect(recipes()[0]!.recipe.goals).toMatchObject([[{ kind: 'class', index: 1 }, {}]]);
    await vi.waitFor(() => expect(model.scores.map(({ index }) => index)).toEqual([0, 1]));
    // The picture that the network was asked about is not held.
    expect(engine.open.filter((name) => name === '')).toEqual([]);
  });

  it('to a dream waits for the image that dreams', async () => {
    await open({ make: 'dream', image: 'owl', layer: 'conv2' });
    await status('done');
    expect(recipes()[0]!.image).toBe('Owl');
  });

  it('to a class that the network does not have goes to one that it has', async () => {
    await open({ make: 'class', target: 7 });
    await status('done');
    expect(model.state.target).toBe(0);
  });
});

describe('a run', () => {
  it('that fails says why; “Try again” begins it again', async () => {
    engine.refused.set('recipe', new LensError('E_RUN', 'The objective is not finite.'));
    await open();
    await status('failed');
    expect(model.problem?.message).toBe('The objective is not finite.');
    engine.refused.clear();
    model.problem!.retry!();
    await status('done');
    expect(model.problem).toBeUndefined();
  });

  it('ends when something else is made', async () => {
    const ended = vi.fn();
    engine.jobs.recipe = (_, options) =>
      untilAborted(options).catch((error: unknown) => {
        ended();
        throw error;
      });
    await open({ make: 'class', target: 0 });
    await vi.waitFor(() => expect(recipes()).toHaveLength(1));
    engine.jobs.recipe = done;
    model.choose({ target: 1 });
    await status('done');
    expect(ended).toHaveBeenCalledOnce();
    expect(recipes().at(-1)!.recipe.goals).toMatchObject([[{ kind: 'class', index: 1 }, {}]]);
  });

  it('that is stopped keeps its picture, and goes on from its state', async () => {
    engine.jobs.recipe = (request, options) => {
      options.onFrame?.(frame(5, request.recipe.steps));
      return untilAborted(options);
    };
    await open();
    await vi.waitFor(() => expect(model.run?.frame?.step).toBe(5));
    model.cancel();
    await status('paused');
    expect(model.problem).toBeUndefined();
    engine.jobs.recipe = done;
    await model.run!.go();
    expect(recipes().at(-1)!.state).toMatchObject({ step: 5 });
    expect(model.run!.status).toBe('done');
  });

  it('goes back to a frame of its film', async () => {
    engine.jobs.recipe = (request, { onFrame }) => {
      for (const step of [1, 2, 3]) onFrame?.(frame(step, request.recipe.steps));
      return done(request);
    };
    await open();
    await status('done');
    const run = model.run!;
    run.back(run.film.find((one) => one.frame.step === 2)!);
    expect([run.status, run.frame!.step]).toEqual(['paused', 2]);
    expect(run.curve[0]).toEqual([1, 2]);
    await run.go();
    expect(recipes().at(-1)!.state).toMatchObject({ step: 2 });
  });

  it('is there again on the next visit, where nothing else is asked for', async () => {
    await open({ make: 'class', target: 1 });
    await status('done');
    const { pictures } = model.run!.frame!;
    model[Symbol.dispose]();
    await open({ make: 'class', target: 1 });
    await vi.waitFor(() => expect(model.run?.frame?.pictures).toEqual(pictures));
    expect(recipes()).toHaveLength(1);
  });
});

describe('beside it', () => {
  it('the same recipe is followed in another network, which is opened once', async () => {
    await open();
    await status('done');
    await model.compare('vgg11');
    await model.compare('vgg11');
    expect(model.beside.map(({ title }) => title)).toEqual(['VGG11']);
    expect(engine.asked.filter((name) => name === 'vgg11')).toHaveLength(1);
    expect(recipes().at(-1)).toMatchObject({ network: 'vgg11', recipe: { network: 'vgg11' } });
  });

  it('early and late layers come one after the other, and end where the picture is made anew', async () => {
    await open({ make: 'dream', layer: 'conv2', image: 'owl' });
    await status('done');
    engine.jobs.recipe = (request) => {
      model.begin();
      engine.jobs.recipe = done;
      return done(request);
    };
    await model.compareLayers(['conv1', 'conv2']);
    await status('done');
    expect(model.beside).toEqual([]);
    expect(recipes()).toHaveLength(3);
  });
});
