import { fileURLToPath } from 'node:url';
import { filled, optimisers, parametrisations, penalties, transforms } from '@convlens/core';
import { build, type Rolldown } from 'vite';
import type { Ascents, Dreaming, Settings } from '../pages/ascents.js';
import { expect, galleryUrl, test } from '../support/viewer.js';

declare const ascents: Ascents;

/** The page's script in one piece. */
const script = (async () => {
  const entry = fileURLToPath(new URL('../pages/ascents.ts', import.meta.url));
  const made = (await build({
    configFile: false,
    logLevel: 'error',
    build: { write: false, lib: { entry, formats: ['es'], fileName: 'ascents' } },
  })) as Rolldown.RolldownOutput[];
  return made[0]!.output[0].code;
})();

test.beforeEach(async ({ page }) => {
  // GPUs are only there for pages that are served.
  const url = `${galleryUrl('plain')}ascents.html`;
  await page.route(url, (route) =>
    route.fulfill({ contentType: 'text/html', body: '<!doctype html><title>Ascents</title>' }),
  );
  await page.goto(url);
  await page.addScriptTag({ type: 'module', content: await script });
  await page.waitForFunction(() => 'ascents' in globalThis);
});

const cases: Record<string, Settings> = {
  'the default': { preset: 'natural' },
  'three pictures at once': { preset: 'natural', pictures: 3 },
  'four views of each of two': { preset: 'lucid', pictures: 2, changes: { views: 4 } },
  'only phases, close views': { preset: 'maco' },
  // Fine frequencies have next to no slope there, and Adam lets rounding decide where they go.
  'views that reduce a larger picture, and turn it': {
    preset: 'fine',
    changes: { optimiser: { kind: 'momentum', rate: 0.05 } },
  },
  'views that enlarge a small part': {
    preset: 'lucid',
    changes: {
      transforms: [
        { kind: 'rotate', degrees: [40, 40] },
        { kind: 'crop', from: 0.35, to: 0.4 },
      ],
    },
  },
  'pixels, from one view that is the picture': { preset: 'simonyan' },
  'a picture with sides that are primes': { preset: 'lucid', changes: { size: [37, 53] } },
  'a picture of odd sides, seen in part, on black': {
    preset: 'lucid',
    changes: {
      size: [41, 45],
      transforms: [
        { kind: 'pad', pixels: 5, value: 0 },
        { kind: 'rotate', degrees: [-30, 45] },
        { kind: 'crop', from: 0.4, to: 0.5 },
      ],
    },
  },
  'one channel, odd sides, only phases': { preset: 'maco', network: 'grey' },
  'another order of colours and range, an input that is no square': {
    preset: 'natural',
    network: 'bgr',
    pictures: 2,
  },
  'channels that are no colours': { preset: 'lucid', network: 'two' },
  'a picture of large sides': {
    preset: 'lucid',
    changes: { size: [512, 78], optimiser: { kind: 'momentum', rate: 0.05 } },
  },
  'Fourier coefficients by gradient ascent': {
    preset: 'lucid',
    pictures: 2,
    changes: { optimiser: { kind: 'ascent', rate: 0.01 } },
  },
  'momentum with a schedule, and all penalties': {
    preset: 'simonyan',
    changes: {
      optimiser: { kind: 'momentum', rate: 0.05 },
      schedule: [
        { steps: 2, factor: 1 },
        { steps: 10, factor: 0.1 },
      ],
      penalties: [
        { kind: 'tv', weight: 1e-3 },
        { kind: 'alpha', weight: 1e-3 },
        { kind: 'l2', weight: 1e-3 },
      ],
    },
  },
  ...Object.fromEntries(
    (['rms', 'mean', 'length', 'none'] as const).map((normalise): [string, Settings] => [
      `gradient ascent, normalised by ${normalise}`,
      {
        preset: 'simonyan',
        pictures: 2,
        changes: { optimiser: { kind: 'ascent', rate: 0.02, normalise } },
      },
    ]),
  ),
};

/** Every row of every table, by itself, with its defaults. */
const rows: readonly (readonly [string, Settings, offered: object])[] = [
  ...Object.entries(penalties).map(([kind, row]) => {
    const penalty = { kind, ...filled(row.parameters) };
    const changes = { penalties: [penalty], optimiser: { kind: 'momentum', rate: 0.05 } };
    const settings = { preset: 'simonyan', changes } as Settings;
    // Each row takes its own settings, which are of one type with its schema.
    return [`the penalty ${kind}`, settings, row.gpu(penalty as never)] as const;
  }),
  ...Object.entries(optimisers).map(([kind, row]) => {
    const optimiser = { kind, ...filled(row.parameters) };
    const settings = { preset: 'lucid', changes: { optimiser } } as Settings;
    return [`the optimiser ${kind}`, settings, row.gpu(optimiser as never)] as const;
  }),
  ...Object.entries(transforms).map(([kind, row]) => {
    const changes = { transforms: [{ kind, ...filled(row.parameters) }] };
    return [`the transform ${kind}`, { preset: 'lucid', changes } as Settings, row.gpu] as const;
  }),
  ...Object.entries(parametrisations).map(([parametrisation, row]) => {
    const changes = { parametrisation, optimiser: { kind: 'momentum', rate: 0.05 } };
    const preprocessing = { channelOrder: 'RGB', range: 1, mean: [0], std: [1] } as const;
    const canvas = { channels: 1, height: 4, width: 4, preprocessing, unit: 1 };
    const settings = { preset: 'lucid', changes } as Settings;
    return [`the parametrisation ${parametrisation}`, settings, row.gpu(canvas, {})] as const;
  }),
];

for (const [name, settings, offered] of rows) {
  const off = 'offGpu' in offered;
  const title = off ? 'is left to single steps' : 'is on the GPU what it is outside of it';
  test(`${name} ${title}`, async ({ page }) => {
    const found = await page.evaluate((made) => ascents.compare(made), settings);
    expect(found.resident).toBe(!off);
    expect(found.step).toBe(4);
    expect(found.objectives).toBeLessThan(off ? 1e-12 : 1e-5);
    expect(found.pictures).toBeLessThan(off ? 1e-12 : 1e-4);
    expect(found.moments).toBeLessThan(off ? 1e-12 : 1e-5);
  });
}

/** Every row is looked at by itself; of what they make together the full run has the rest. */
const QUICK: readonly string[] = [
  'the default',
  'three pictures at once',
  'momentum with a schedule, and all penalties',
];

for (const [name, settings] of Object.entries(cases)) {
  const tag = QUICK.includes(name) ? [] : '@full';
  test(`steps on the GPU are those outside of it: ${name}`, { tag }, async ({ page }) => {
    const found = await page.evaluate((made) => ascents.compare(made), settings);
    expect(found.resident).toBe(true);
    expect(found.step).toBe(4);
    expect(found.objectives).toBeLessThan(1e-5);
    expect(found.pictures).toBeLessThan(1e-4);
    expect(found.moments).toBeLessThan(1e-5);
    // Also those of fine frequencies, a thousand times smaller than the largest.
    expect(found.strays).toBeLessThan(0.01);
  });
}

test('phases of many turns make the picture that they make outside', async ({ page }) => {
  // Adam's first step is its rate; the objective of the second is that of the phases moved by it.
  const settings: Settings = {
    preset: 'maco',
    steps: [2],
    changes: { optimiser: { kind: 'adam', rate: 40 } },
  };
  const found = await page.evaluate((made) => ascents.compare(made), settings);
  expect(found.resident).toBe(true);
  expect(found.objectives).toBeLessThan(1e-6);
});

test('views that wrap around are left to single steps', async ({ page }) => {
  const settings: Settings = {
    preset: 'lucid',
    changes: { transforms: [{ kind: 'roll', pixels: 3 }] },
  };
  const found = await page.evaluate((made) => ascents.compare(made), settings);
  expect(found).toMatchObject({ resident: false, step: 4, objectives: 0, pictures: 0 });
});

test('a run goes from the GPU to the outside and back', async ({ page }) => {
  const found = await page.evaluate(() => ascents.handOver({ preset: 'natural' }));
  expect(found.pictures).toBeLessThan(1e-4);
});

test('seventy steps on the GPU are read twice, hold what two hold, and nothing afterwards', async ({
  page,
}) => {
  const found = await page.evaluate(() => ascents.holdings({ preset: 'natural' }));
  expect(found.reads).toBe(2);
  expect(found.few).toBeGreaterThan(0);
  expect(found.many).toBe(found.few);
  expect(found.after).toBe(0);
});

test('a step that fails on the GPU changes nothing and holds nothing', async ({ page }) => {
  const found = await page.evaluate(() => ascents.failure({ preset: 'natural' }));
  expect(found).toEqual({ code: 'E_BACKEND_LOST', step: 1, after: 0 });
});

test('a picture without gradient is left to single steps, which say so', async ({ page }) => {
  const found = await page.evaluate(() => ascents.asleep({ preset: 'lucid' }));
  expect(found.done).toBe(1);
  expect(found.note).toContain('gradient is zero');
  expect(found.resident).toBe(false);
  expect(found.objectives).toBe(0);
  expect(found.pictures).toBe(0);
});

const dreams: Record<string, Dreaming> = {
  'an image seen whole, on three sizes': {
    ...{ size: [70, 90], octaves: 3, steps: 3, anySize: true },
  },
  'tiles that overlap': { size: [75, 50], octaves: 2, steps: 3, tile: 32, anySize: true },
  'tiles of a network that takes one size': {
    size: [50, 81],
    octaves: 2,
    steps: 3,
    anySize: false,
  },
  'an image smaller than the only size': { size: [20, 45], octaves: 1, steps: 4, anySize: false },
};

for (const [name, settings] of Object.entries(dreams)) {
  test(`dreams on the GPU are those outside of it: ${name}`, async ({ page }) => {
    const found = await page.evaluate((made) => ascents.dream(made), settings);
    expect(found.resident).toBe(true);
    expect(found.shape).toEqual(settings.size);
    expect(found.objectives).toBeLessThan(1e-5);
    expect(found.pictures).toBeLessThan(1e-5);
    // A read at the end of what was asked for, and one at the end of each size.
    expect(found.reads).toBeLessThanOrEqual(3 + settings.octaves);
    expect(found.after).toBe(0);
  });
}

test('a dream of nothing goes on step by step, which says so', async ({ page }) => {
  const found = await page.evaluate(() =>
    ascents.dream({ size: [40, 40], octaves: 1, steps: 4, anySize: true, loud: false }),
  );
  expect(found.note).toContain('gradient is zero');
  expect(found).toMatchObject({ resident: false, objectives: 0, pictures: 0, after: 0 });
});
