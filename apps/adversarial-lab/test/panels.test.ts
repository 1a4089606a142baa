import { render } from 'lit';
import { expect, it, onTestFinished, vi } from 'vitest';
import { FakeEngine } from '../../../packages/elements/test/fake-engine.js';
import {
  FAKE_BACKEND,
  tinyActivations,
  tinyNetwork,
} from '../../../packages/elements/test/tiny-network.js';
import '../src/tabs/parts.js';
import type { LabTab, TabParts } from '../src/tabs/lab-tab.js';
import { stage, type StageParts } from '../src/stage.js';
import { linkSchema } from '../src/state.js';
import { inWords } from '../src/verdict.js';

const picture = { width: 8, height: 8, data: new Uint8ClampedArray(256) };
const names = ['cat', 'dog'];
const seen: StageParts = {
  original: { picture, logits: Float32Array.of(3, 1) },
  run: undefined,
  names,
  nameOf: (index) => names[index]!,
  answer: undefined,
  imageTitle: 'a picture of mine',
  begin: vi.fn(),
  stop: vi.fn(),
};

/** An attack that has come to its end, with what the network says to it. */
function attacked(fooled: boolean, asPng: boolean): StageParts {
  const after = fooled ? Float32Array.of(1, 3) : Float32Array.of(2, 1);
  const file = {
    ...{ picture, fooled: asPng, logits: asPng ? after : Float32Array.of(2, 1) },
    size: { linf: 1 / 255, l2: 0.5, l0: 3 },
  };
  const answer = { label: 0, fooled, after, before: Float32Array.of(3, 1), file, settings: {} };
  const rest = { queries: { forward: 1, gradient: 2 }, steps: 3, runMs: 1000 };
  const run = {
    ...{ status: 'done', active: false, done: 3, total: 3, picture, logits: file.logits },
    ...{ request: { method: 'pgd' }, answer: { ...answer, ...rest } },
  };
  return { ...seen, run } as unknown as StageParts;
}

it('says what came of an attack, whoever has made it', () => {
  expect(inWords(seen)).toMatchObject({ headline: 'The network says cat', kind: 'none' });
  expect(inWords(attacked(true, true)).headline).toBe('Fooled: cat → dog, still as a PNG');
  expect(inWords(attacked(true, false)).headline).toBe('Fooled: cat → dog, but not as a PNG');
  expect(inWords(attacked(false, false)).headline).toBe('Not fooled: still cat');
});

it('shows the experiment of an attack alone', () => {
  const place = document.createElement('div');
  render(
    stage(attacked(true, true), () => undefined),
    place,
  );
  expect(place.textContent).toContain('a picture of mine');
  expect(place.textContent).toContain('1/255');
  place.querySelector<HTMLButtonElement>('button.primary')!.click();
  expect(seen.begin).toHaveBeenCalledOnce();
});

it('says in a tab that stands alone where two images part', async () => {
  const engine = new FakeEngine();
  engine.jobs.divergence = () => ({
    ...{ backend: FAKE_BACKEND, runMs: 1 },
    layers: [
      { layer: 'conv1', distance: 0.1, cosine: 1, channels: [] },
      { layer: 'conv2', distance: 0.6, cosine: 1, channels: [] },
    ],
  });
  engine.jobs.activations = ({ layers }) => tinyActivations(layers);
  const network = { ...tinyNetwork('alexnet'), handle: 'alexnet' };
  const state = Object.fromEntries(
    Object.entries(linkSchema).map(([key, { fallback }]) => [key, fallback]),
  );
  const answer = attacked(true, true).run?.answer;
  const showLayer = vi.fn();
  const lab = { network, names, state, answer, attacked: 'before', result: 'after', showLayer };
  const tab = document.createElement('lab-parts') as LabTab;
  Object.assign(tab, {
    lab: { ...lab, session: engine.session() } as unknown as TabParts,
    active: true,
  });
  document.body.append(tab);
  onTestFinished(() => tab.remove());
  const layers = (): readonly string[] =>
    [...tab.renderRoot.querySelectorAll('ol.layers li')].map((one) =>
      one.textContent.replaceAll(/\s+/g, ' ').trim(),
    );
  await vi.waitFor(() => expect(layers()).toEqual(['conv1 0.100', 'conv2 0.600']));
  expect(engine.requests('divergence')).toEqual([
    { network: 'alexnet', image: 'before', attacked: 'after' },
  ]);
  tab.renderRoot.querySelector<HTMLButtonElement>('ol.layers button')!.click();
  expect(showLayer).toHaveBeenCalledExactlyOnceWith('conv1');
});
