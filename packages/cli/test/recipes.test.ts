import { existsSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Recipe } from '@convlens/core';
import type { Pixels } from '@convlens/data';
import { readPng, readPngText, writePng } from '@convlens/data/png';
import { renderSample } from '@convlens/data/samples';
import { main } from '../src/main.js';

const folder = mkdtempSync(join(tmpdir(), 'convlens-recipes-'));
const at = (name: string): string => join(folder, name);
const out = (name: string): string[] => ['--out', at(name)];

/** Runs the command line; gives its exit code and what it said. */
async function convlens(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  let said = '';
  let err = '';
  const code = await main(
    args,
    (text) => (said += `${text}\n`),
    (text) => (err += `${text}\n`),
  );
  return { code, out: said, err };
}

const json = (path: string): Recipe => JSON.parse(readFileSync(at(path), 'utf8')) as Recipe;
const image = (path: string): Pixels => readPng(readFileSync(at(path)));
const rows = (path: string): string[][] =>
  readFileSync(at(path), 'utf8')
    .trim()
    .split('\n')
    .map((line) => line.split(','));

writeFileSync(at('photo.png'), writePng(renderSample('lemon', 96)));
writeFileSync(at('guide.png'), writePng(renderSample('ladybug', 80)));
const photo = ['--image', at('photo.png')];

describe('convlens visualize', () => {
  it('climbs, writes picture, recipe and curve, and its recipe makes the same again', async () => {
    const args = [
      'visualize',
      'resnet18',
      '--class',
      'Goldfish',
      '--steps',
      '48',
      '--pictures',
      '2',
    ];
    const made = await convlens(...args, '--seed', '5', ...out('v'));
    expect(made.err).toBe('');
    expect(made.out).toMatch(
      /resnet18-class-13-1\.png: objective [\d.]+, probability 0\.\d+ .*gold/,
    );
    const recipe = json('v/resnet18-class-13.json');
    expect(recipe).toMatchObject({ network: 'resnet18', seed: 5, steps: 48, pictures: 2 });
    expect(
      JSON.parse(readPngText(readFileSync(at('v/resnet18-class-13-2.png')))['convlens-recipe']!),
    ).toEqual(recipe);
    const [head, ...steps] = rows('v/resnet18-class-13.csv');
    expect(head).toEqual(['step', 'objective 1', 'objective 2']);
    expect(steps.length).toBe(48);
    expect(Number(steps[47]![1])).toBeGreaterThan(Number(steps[0]![1]) + 3);
    expect(image('v/resnet18-class-13-1.png').data).not.toEqual(
      image('v/resnet18-class-13-2.png').data,
    );
    for (const [i, file] of ['resnet18-class-13.json', 'resnet18-class-13-1.png'].entries()) {
      const model = i === 0 ? ['resnet18'] : [];
      const recipeOf = ['--recipe', at(`v/${file}`)];
      const { code, err } = await convlens('visualize', ...model, ...recipeOf, ...out(`v${i}`));
      expect([code, err]).toEqual([0, '']);
      expect(image(`v${i}/resnet18-class-13-2.png`)).toEqual(image('v/resnet18-class-13-2.png'));
    }
  });

  it('comes to the same objective on the WASM runtime', async () => {
    const wasm = ['--recipe', at('v/resnet18-class-13.json'), '--runtime', 'ort-wasm'];
    const { code } = await convlens('visualize', ...wasm, ...out('w'));
    expect(code).toBe(0);
    const last = (where: string): number =>
      Number(rows(`${where}/resnet18-class-13.csv`).at(-1)![1]);
    expect(Math.abs(last('w') / last('v') - 1)).toBeLessThan(0.02);
  });

  it('of a neuron, in the opposite sense, from an image', async () => {
    const unit = ['--layer', 'relu3_2', '--channel', '7', '--row', '4', '--column', '5'];
    const how = ['--sense', 'less', '--start', 'image', '--preset', 'simonyan', '--steps', '3'];
    const made = await convlens('visualize', 'vgg11', ...unit, ...how, ...photo, ...out('n'));
    expect(made.err).toBe('');
    expect(json('n/vgg11-relu3_2-7.json')).toMatchObject({
      goals: [[{ kind: 'neuron', layer: 'relu3_2', channel: 7, row: 4, column: 5, weight: -1 }]],
      start: 'image',
      image: 'photo.png',
      parametrisation: 'pixels',
    });
  });
});

describe('convlens dream', () => {
  it('keeps the size of the image, reads its options, and takes a guide', async () => {
    const how = ['--octaves', '2', '--octave-scale', '1.5', '--steps', '2', '--rate', '2'];
    const dream = (...args: string[]): ReturnType<typeof convlens> =>
      convlens(
        'dream',
        'alexnet',
        ...photo,
        '--layer',
        'relu2',
        '--layer',
        'relu3',
        ...how,
        ...args,
      );
    expect((await dream(...out('d'))).err).toBe('');
    const name = 'alexnet-dream-relu2+relu3';
    expect(json(`d/${name}.json`)).toMatchObject({ octaves: 2, octaveScale: 1.5, rate: 2 });
    expect([image(`d/${name}.png`).width, image(`d/${name}.png`).height]).toEqual([96, 96]);
    expect(image(`d/${name}.png`).data).not.toEqual(image('photo.png').data);
    expect((await dream('--guide', at('guide.png'), ...out('g'))).err).toBe('');
    expect(json(`g/${name}.json`)).toMatchObject({ guide: 'guide.png', image: 'photo.png' });
    expect(image(`g/${name}.png`).data).not.toEqual(image(`d/${name}.png`).data);
  });

  it('finds a sample picture that a recipe names', async () => {
    const recipe = json('d/alexnet-dream-relu2+relu3.json');
    writeFileSync(at('sample.json'), JSON.stringify({ ...recipe, image: 'lemon', size: 40 }));
    const { code } = await convlens('dream', '--recipe', at('sample.json'), ...out('s'));
    expect(code).toBe(0);
    expect(image('s/alexnet-dream-relu2+relu3.png').width).toBe(40);
  });
});

describe('convlens invert and reconstruct', () => {
  it('makes a picture for each layer, with its loss', async () => {
    const layers = ['--layer', 'relu1', '--layer', 'relu3'];
    const made = await convlens(
      'invert',
      'alexnet',
      ...photo,
      ...layers,
      '--steps',
      '40',
      ...out('i'),
    );
    expect(made.err).toBe('');
    const losses = [...made.out.matchAll(/alexnet-invert-(relu\d)\.png: relative loss ([\d.]+)/g)];
    expect(losses.map(([, layer]) => layer)).toEqual(['relu1', 'relu3']);
    for (const [, , loss] of losses) expect(Number(loss)).toBeLessThan(0.5);
  });

  it('makes several pictures of a class', async () => {
    const made = await convlens(
      ...[
        'reconstruct',
        'alexnet',
        '--class',
        '5',
        '--pictures',
        '3',
        '--steps',
        '20',
        ...out('c'),
      ],
    );
    expect(made.err).toBe('');
    expect(made.out.match(/probability (0\.9|1\.0)/g)?.length).toBe(3);
    expect(readdirSync(at('c')).length).toBe(5);
  });
});

describe('what goes wrong', () => {
  const recipe = json.bind(null, 'v/resnet18-class-13.json');
  const clear = { width: 4, height: 4, data: new Uint8Array(64) };
  const dot = { width: 1, height: 1, data: Uint8Array.of(9, 9, 9, 255) };
  writeFileSync(at('clear.png'), writePng(clear));
  writeFileSync(at('dot.png'), writePng(dot));
  writeFileSync(at('words.json'), 'no JSON');
  writeFileSync(at('list.json'), '[1, 2]');
  const unit = (...args: string[]): string[] => ['visualize', 'vgg11', '--layer', ...args];
  const dream = (...args: string[]): string[] => ['dream', 'vgg11', '--layer', 'relu3_1', ...args];

  it.each<[string, () => object, string[], RegExp]>([
    ['another network', recipe, ['vgg11'], /Expected the network "resnet18".*got "vgg11"/],
    [
      'an unknown network',
      () => ({ ...recipe(), network: 'mine.onnx' }),
      [],
      /"mine\.onnx".*MODEL/,
    ],
    ['another file of that name', () => ({ ...recipe(), sha256: '00aa' }), [], /SHA-256 00aa/],
    ['a newer version', () => ({ ...recipe(), convlens: 2 }), [], /version 2.*up to 1/],
    ['a field that is unknown', () => ({ ...recipe(), colour: 1 }), [], /"colour"/],
    ['another technique', () => ({ ...recipe(), technique: 'reconstruct' }), [], /"convlens recon/],
    [
      'no image',
      () => ({ ...recipe(), start: 'image', image: 'mine.png' }),
      [],
      /"mine.png".*--image/,
    ],
  ])('a recipe of %s is refused', async (_, made, model, words) => {
    writeFileSync(at('wrong.json'), JSON.stringify(made()));
    const said = await convlens('visualize', ...model, '--recipe', at('wrong.json'), ...out('x'));
    expect(said.err).toMatch(words);
    expect(said.err).toMatch(/\[E_RECIPE\]\n$/);
    expect(said.code).toBe(2);
    expect(existsSync(at('x'))).toBe(false);
  });

  it.each<[string[], RegExp]>([
    [['visualize', '--recipe', at('words.json')], /not JSON\. \[E_RECIPE\]/],
    [['visualize', '--recipe', at('list.json')], /something else\. \[E_RECIPE\]/],
    [['visualize', '--recipe', at('photo.png')], /carries no recipe.*\[E_RECIPE\]/],
    [['visualize', '--recipe', at('none.json')], /No file.*\[E_FETCH\]/],
    [unit('relu9'), /no layer "relu9".*\[E_LAYER_UNKNOWN\]/],
    [unit('relu1_1', '--channel', '99'), /from 0 to 15, got 99.*\[E_ARGUMENT\]/],
    [
      unit('relu1_1', '--channel', '1', '--row', '64'),
      /row .*from 0 to 63, got 64.*\[E_ARGUMENT\]/,
    ],
    [['visualize', 'vgg11', '--class', '100'], /from 0 to 99, got 100.*\[E_ARGUMENT\]/],
    [['visualize', 'vgg11', '--class', 'cat'], /no class "cat".*Persian cat.*\[E_ARGUMENT\]/],
    [unit('relu1_1', '--steps', '0'), /steps .*from 1 to 100000, got 0.*\[E_RECIPE\]/],
    [unit('relu1_1', '--pictures', '65'), /pictures .*from 1 to 64, got 65.*\[E_RECIPE\]/],
    [dream(...photo, '--octave-scale', '1'), /octaveScale .*from 1.01 to 4.*\[E_RECIPE\]/],
    [dream(...photo, '--tile', '8'), /tile .*from 32 to 2048.*\[E_RECIPE\]/],
    [dream('--image', at('dot.png')), /at least 2 x 2 pixels, got 1 x 1.*\[E_IMAGE\]/],
    [dream('--image', at('clear.png')), /transparent everywhere.*\[E_IMAGE\]/],
    [dream('--image', at('words.json')), /Expected a PNG.*\[E_IMAGE\]/],
    [dream(...photo, '--guide', at('dot.png')), /at least 2 x 2.*\[E_IMAGE\]/],
  ])('%j', async (args, words) => {
    const said = await convlens(...args, ...out('x'));
    expect(said.err).toMatch(words);
    expect(said.code).toBe(2);
    expect(said.err.trim().split('\n').length).toBe(1);
    expect(existsSync(at('x'))).toBe(false);
  });

  it.each<[string[], RegExp]>([
    [['visualize', 'vgg11'], /one of --class and --layer/],
    [['visualize'], /no model given/],
    [unit('relu1_1', '--row', '3'), /--channel is missing/],
    [unit('relu1_1', '--sense', 'both'), /more or less/],
    [unit('relu1_1', '--preset', 'best'), /one of natural, fine, lucid/],
    [unit('relu1_1', '--start', 'image'), /--image is missing/],
    [unit('relu1_1', '--start', 'black'), /noise, grey or image/],
    [dream(), /--image is missing/],
    [dream(...photo, '--rate', 'fast'), /takes a number/],
    [['dream', 'vgg11', ...photo], /--layer is missing/],
    [['visualize', '--recipe', at('x.json'), '--steps', '3'], /--steps is in the recipe/],
  ])('%j is not how it is called', async (args, words) => {
    const said = await convlens(...args, ...out('x'));
    expect(said.err).toMatch(words);
    expect(said.code).toBe(64);
  });
});
