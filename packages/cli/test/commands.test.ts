import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { readNpy, writeNpy } from '@convlens/data';
import { readPng, writePng } from '@convlens/data/png';
import { renderSample, sampleScenes } from '@convlens/data/samples';
import { buildVgg } from '@convlens/adapters/builders';
import { float32, write } from '@convlens/onnx';
import { main } from '../src/main.js';

const folder = mkdtempSync(join(tmpdir(), 'convlens-'));
const at = (name: string): string => join(folder, name);

/** Runs the command line; gives its exit code and what it said. */
async function convlens(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  let out = '';
  let err = '';
  const code = await main(
    args,
    (text) => (out += `${text}\n`),
    (text) => (err += `${text}\n`),
  );
  return { code, out, err };
}

const picture = Uint8Array.from({ length: 90 * 70 * 4 }, (_, i) =>
  i % 4 === 3 ? 255 : (i * 37) % 256,
);
writeFileSync(at('photo.png'), writePng({ width: 90, height: 70, data: picture }));

describe('convlens inspect', () => {
  it('names layers, family, cost and operators of an embedded network', async () => {
    const { code, out } = await convlens('inspect', 'vgg11');
    expect(code).toBe(0);
    expect(out).toMatch(/VGG-11 \(vgg\)/);
    expect(out).toMatch(/conv3_2 +Conv +72 x 16 x 16/);
    const { out: json } = await convlens('inspect', 'vgg11', '--json');
    const report = JSON.parse(json) as {
      layers: { id: string; receptiveField: number[] | null }[];
      operators: { supported: boolean; differentiable: boolean }[];
    };
    expect(report.layers.find(({ id }) => id === 'relu1_1')!.receptiveField).toEqual([3, 3]);
    expect(
      report.operators.every(({ supported, differentiable }) => supported && differentiable),
    ).toBe(true);
  });
});

describe('convlens run and vjp', () => {
  it('writes activations that the product of a one-hot cotangent agrees with', async () => {
    const graph = buildVgg({
      depth: 11,
      width: 0.125,
      inputSize: 32,
      classes: 7,
      seed: 5,
      batch: 1,
    });
    writeFileSync(at('vgg.onnx'), write(graph));
    const input = graph.inputs[0]!.name;
    const output = graph.outputs[0]!.name;
    const x = Float32Array.from({ length: 3 * 32 * 32 }, (_, i) => Math.sin(i));
    const feed = (name: string, data: Float32Array): string => {
      writeFileSync(at(name), writeNpy(float32(data, [1, 3, 32, 32])));
      return `${input}=${at(name)}`;
    };
    const one = new Float32Array(7);
    one[3] = 1;
    writeFileSync(at('dy.npy'), writeNpy(float32(one, [1, 7])));
    const done = await convlens(
      'vjp',
      at('vgg.onnx'),
      '--input',
      feed('x.npy', x),
      '--cotangent',
      `${output}=${at('dy.npy')}`,
      '--wrt',
      input,
      '--out',
      at('v'),
    );
    expect(done.err).toBe('');
    const slope = readNpy(readFileSync(at(`v/d_${input}.npy`))).data as Float32Array;
    // A step along the gradient changes the score by the step times the gradient's square.
    const h = 1e-3 / Math.hypot(...slope);
    const score = async (sign: number): Promise<number> => {
      const moved = x.map((value, i) => value + sign * h * slope[i]!);
      await convlens(
        'run',
        at('vgg.onnx'),
        '--input',
        feed('moved.npy', moved),
        '--layer',
        'fc8',
        '--out',
        at('r'),
      );
      return (readNpy(readFileSync(at('r/fc8.npy'))).data as Float32Array)[3]!;
    };
    const change = ((await score(1)) - (await score(-1))) / (2 * h);
    const square = slope.reduce((sum, value) => sum + value * value, 0);
    expect(change / square).toBeCloseTo(1, 1);
  });

  it('gives the same on the runtimes for WASM', async () => {
    const runtimes = ['ort-node', 'ort-wasm', 'tfjs-wasm'];
    for (const runtime of runtimes) {
      const { code } = await convlens(
        'run',
        'densenet',
        '--image',
        at('photo.png'),
        '--layer',
        'denseblock2',
        '--runtime',
        runtime,
        '--out',
        at(runtime),
      );
      expect(code).toBe(0);
    }
    const [a, ...others] = runtimes.map(
      (runtime) => readNpy(readFileSync(at(`${runtime}/denseblock2.npy`))).data as Float32Array,
    );
    for (const other of others) {
      let worst = 0;
      a!.forEach((value, i) => (worst = Math.max(worst, Math.abs(value - other[i]!))));
      expect(worst).toBeLessThan(1e-4);
    }
  });
});

describe('convlens project and attribute', () => {
  it('write a picture and the numbers', async () => {
    const { code, out } = await convlens(
      'project',
      'alexnet',
      '--image',
      at('photo.png'),
      '--layer',
      'relu3',
      '--channel',
      '4',
      '--rule',
      'guided',
      '--out',
      at('p'),
    );
    expect(code).toBe(0);
    expect(out).toMatch(/relu3 channel 4, row \d, column \d/);
    expect(readNpy(readFileSync(at('p/relu3-4-guided.npy'))).shape).toEqual([3, 64, 64]);
    expect(readPng(readFileSync(at('p/relu3-4-guided.png'))).width).toBe(64);
  });

  it.each([
    'saliency',
    'gradient-input',
    'integrated',
    'smoothgrad',
    'occlusion',
    'gradcam',
    'guided-gradcam',
  ])('%s', async (method) => {
    const { code, err } = await convlens(
      'attribute',
      'resnet18',
      '--image',
      at('photo.png'),
      '--method',
      method,
      '--steps',
      '4',
      '--out',
      at('a'),
    );
    expect([code, err]).toEqual([0, '']);
    expect(existsSync(at('a'))).toBe(true);
  });
});

describe('convlens patches', () => {
  const set = at('set');
  mkdirSync(join(set, 'deeper'), { recursive: true });
  const scenes = sampleScenes.map(({ id }, i) => {
    const file = join(set, i < 8 ? `${i}.png` : `deeper/${i}.png`);
    writeFileSync(file, writePng(renderSample(id, 64)));
    return file;
  });
  writeFileSync(join(set, '.hidden.png'), 'not a picture');
  writeFileSync(join(set, 'notes.txt'), 'not a picture');
  writeFileSync(join(set, 'broken.jpg'), 'not a picture');

  interface List {
    readonly images: number;
    readonly patches: readonly {
      readonly file: string;
      readonly value: number;
      readonly row: number;
      readonly column: number;
      readonly window: { readonly width: number; readonly height: number };
    }[];
  }
  const patches = (...args: string[]): ReturnType<typeof convlens> =>
    convlens('patches', 'alexnet', '--layer', 'relu2', '--channel', '7', ...args);
  const listIn = (out: string): List =>
    JSON.parse(readFileSync(at(`${out}/relu2-7.json`), 'utf8')) as List;

  it('ranks as the activations of each image say, and writes patches and projections', async () => {
    const { code, out } = await patches('--images', set, '--top', '4', '--out', at('patches'));
    expect(code).toBe(0);
    expect(out).toMatch(/left out .*broken\.jpg: Expected a PNG/);
    const expected: { file: string; value: number; place: number }[] = [];
    for (const file of scenes) {
      await convlens('run', 'alexnet', '--image', file, '--layer', 'relu2', '--out', at('one'));
      const map = readNpy(readFileSync(at('one/relu2.npy'))).data as Float32Array;
      const plane = [...map.subarray(7 * 225, 8 * 225)];
      const value = Math.max(...plane);
      expected.push({ file, value, place: plane.indexOf(value) });
    }
    expected.sort((a, b) => b.value - a.value);
    const { images, patches: found } = listIn('patches');
    expect(images).toBe(12);
    expect(found.map(({ file }) => file)).toEqual(expected.slice(0, 4).map(({ file }) => file));
    found.forEach(({ value, row, column, window }, i) => {
      expect(value).toBeCloseTo(expected[i]!.value, 4);
      expect(row * 15 + column).toBe(expected[i]!.place);
      for (const kind of ['patch', 'deconvnet']) {
        const { width, height } = readPng(readFileSync(at(`patches/relu2-7-${i + 1}-${kind}.png`)));
        expect([width, height]).toEqual([window.width, window.height]);
        expect(width).toBeLessThan(64);
      }
    });
  });

  it('takes files, and another rule', async () => {
    const files = scenes.slice(0, 3);
    const { code, out } = await patches(
      ...['--rule', 'guided', '--out', at('files'), '--images', ...files],
    );
    expect(code).toBe(0);
    expect(out).toContain('relu2-7-1-guided.png');
    expect(listIn('files').images).toBe(3);
    expect(listIn('files').patches.length).toBeLessThanOrEqual(3);
  });

  it('says what is missing', async () => {
    const words = async (...args: string[]): Promise<string> => (await patches(...args)).err;
    expect(await words('--out', at('x'))).toMatch(/--images is missing/);
    expect(await words('--images', at('set/notes.txt'), '--out', at('x'))).toMatch(
      /None of 1 images can be read/,
    );
    const empty = at('empty');
    mkdirSync(empty);
    expect(await words('--images', empty, '--out', at('x'))).toMatch(/Expected images in/);
    const none = ['--layer', 'relu2', '--channel', '80', '--images', set, '--out', at('x')];
    expect((await convlens('patches', 'alexnet', ...none)).err).toMatch(/channels 0 to 79/);
  });
});

describe('convlens attack', () => {
  interface Report {
    readonly success: number;
    readonly known: number;
    readonly queries: { readonly forward: number; readonly gradient: number };
    readonly settings: Readonly<Record<string, unknown>>;
    readonly images: readonly {
      readonly before: { readonly class: number; readonly name: string };
      readonly after: { readonly class: number };
      readonly fooled: boolean;
      readonly size: { readonly linf: number; readonly ssim: number };
      readonly png: { readonly file: string; readonly class: number; readonly fooled: boolean };
    }[];
  }
  const scenes = sampleScenes.slice(0, 3).map(({ id }) => at(`attack-${id}.png`));
  sampleScenes.slice(0, 3).forEach((scene, i) => {
    writeFileSync(scenes[i]!, writePng(renderSample(scene.id, 64)));
  });
  const report = (folder: string, method: string): Report =>
    JSON.parse(readFileSync(at(`${folder}/attack-${method}.json`), 'utf8')) as Report;

  it('writes a PNG that fools the network when it is read again, and what is told of it', async () => {
    const options = ['--eps', '8/255', '--steps', '10', '--set', 'restarts=2', '--seed', '3'];
    const { code, out } = await convlens(
      ...['attack', 'resnet18', '--out', at('fool'), ...options, '--image', ...scenes],
    );
    expect(code).toBe(0);
    const { success, known, images, queries, settings } = report('fool', 'pgd');
    expect(settings).toMatchObject({ eps: 8 / 255, alpha: 2 / 255, steps: 10, restarts: 2 });
    expect([success, known]).toEqual([1, 3]);
    expect(queries.gradient).toBe(30);
    expect(out).toMatch(/fooled, also by the PNG; largest change [78]\.\d\d\/255/);
    for (const [i, { before, after, size, png }] of images.entries()) {
      expect(after.class).not.toBe(before.class);
      expect(size.linf).toBeLessThanOrEqual(8 / 255);
      expect(size.ssim).toBeGreaterThan(0.7);
      const name = png.file.replace('.png', '');
      const move = readNpy(readFileSync(at(`fool/${name}-perturbation.npy`)));
      expect(move.shape).toEqual([3, 64, 64]);
      const logits = readNpy(readFileSync(at(`fool/${name}-logits.npy`))).data as Float32Array;
      expect(logits.indexOf(Math.max(...logits))).toBe(after.class);
      // The same picture, by the other commands' way.
      await convlens(
        ...['run', 'resnet18', '--image', at(`fool/${png.file}`), '--layer', 'fc'],
        ...['--out', at('again')],
      );
      const scores = readNpy(readFileSync(at('again/fc.npy'))).data as Float32Array;
      const answer = scores.indexOf(Math.max(...scores));
      expect(answer).toBe(png.class);
      expect(answer).not.toBe(before.class);
      const [mine, theirs] = [at(`fool/${png.file}`), scenes[i]!].map(
        (file) => readPng(readFileSync(file)).data,
      );
      expect(Math.max(...mine!.map((v, k) => Math.abs(v - theirs![k]!)))).toBeLessThanOrEqual(8);
    }
  });

  it('goes towards a class by its name', async () => {
    const { code } = await convlens(
      ...['attack', 'alexnet', '--image', scenes[0]!, '--attack', 'cw', '--target', 'banana'],
      ...['--set', 'searches=3', '--out', at('banana')],
    );
    expect(code).toBe(0);
    const [only] = report('banana', 'cw').images;
    expect(only).toMatchObject({ fooled: true, after: { name: 'banana' }, png: { fooled: true } });
  });

  it.each([
    [['--attack', 'magic'], 64, /--attack is one of fgsm, bim, pgd/],
    [['--set', 'steps'], 64, /--set takes NAME=VALUE/],
    [['--eps', 'much'], 2, /expected eps to be a number .* got much\. \[E_ARGUMENT\]/],
    [['--set', 'power=3'], 2, /PGD has no parameter "power"/],
    [['--target', 'unicorn'], 2, /no class "unicorn" among the 100/],
    [['--target', '100'], 2, /classes from 0 to 99, got 100/],
    [['--label', '1', '--label', '2'], 64, /once for each of 1 images; got 2/],
  ] as const)('says what is wrong with %j', async (args, code, words) => {
    const said = await convlens(
      ...['attack', 'alexnet', '--image', scenes[0]!, '--out', at('wrong'), ...args],
    );
    expect(said.code).toBe(code);
    expect(said.err).toMatch(words);
  });
});

describe('what goes wrong', () => {
  it.each([
    [['frobnicate'], 64, /unknown command "frobnicate"/],
    [['run', 'vgg11', '--out', 'x'], 64, /--layer is missing/],
    [['run', 'vgg11', '--sideways'], 64, /sideways/],
    [
      ['project', 'vgg11', '--image', 'a.png', '--layer', 'x', '--channel', 'two', '--out', 'x'],
      64,
      /whole number/,
    ],
    [
      ['inspect', 'no-such-file.onnx'],
      2,
      /No file can be read at no-such-file\.onnx\. \[E_FETCH\]/,
    ],
    [['inspect', at('photo.png')], 2, /PNG/],
    [
      ['run', 'vgg11', '--image', at('photo.png'), '--layer', 'conv7', '--out', at('x')],
      2,
      /no layer or value "conv7"/,
    ],
    [
      [
        'project',
        'vgg11',
        '--image',
        at('photo.png'),
        '--layer',
        'relu1_1',
        '--channel',
        '99',
        '--out',
        at('x'),
      ],
      2,
      /channels 0 to 15/,
    ],
  ] as const)('%j', async (args, code, words) => {
    const said = await convlens(...args);
    expect(said.code).toBe(code);
    expect(said.err).toMatch(words);
    if (code === 2) expect(said.err.trim().split('\n').length).toBe(1);
  });

  it('reaches the shell as an exit code', () => {
    const bin = fileURLToPath(new URL('../bin/convlens.mjs', import.meta.url));
    expect(() =>
      execFileSync(process.execPath, [bin, 'inspect', 'nothing'], { stdio: 'pipe' }),
    ).toThrow(expect.objectContaining({ status: 2 }) as Error);
  });
});
