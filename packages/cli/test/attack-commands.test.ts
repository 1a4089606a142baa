import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readNpy } from '@convlens/data';
import { readPng, writePng } from '@convlens/data/png';
import { renderSample, sampleScenes } from '@convlens/data/samples';
import { main } from '../src/main.js';

const folder = mkdtempSync(join(tmpdir(), 'convlens-attack-'));
const at = (name: string): string => join(folder, name);

/** Runs `convlens attack`; gives its exit code and what it said. */
async function attack(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  let out = '';
  let err = '';
  const code = await main(
    ['attack', ...args],
    (text) => (out += `${text}\n`),
    (text) => (err += `${text}\n`),
  );
  return { code, out, err };
}

const json = <T>(name: string): T => JSON.parse(readFileSync(at(name), 'utf8')) as T;
const rows = (name: string): string[][] =>
  readFileSync(at(name), 'utf8')
    .trim()
    .split('\n')
    .map((line) => line.split(','));

const scenes = sampleScenes.slice(0, 4).map(({ id }) => at(`${id}.png`));
sampleScenes.slice(0, 4).forEach((scene, i) => {
  writeFileSync(scenes[i]!, writePng(renderSample(scene.id, 64)));
});

describe('convlens attack curve', () => {
  it('writes accuracy over epsilon, falling, one column an attack', async () => {
    const { code, out } = await attack(
      ...['curve', 'alexnet', '--out', at('curve'), '--attack', 'fgsm', '--attack', 'pgd'],
      ...['--eps', '8/255', '--eps', '0.5/255', '--steps', '5', '--image', ...scenes],
    );
    expect(code).toBe(0);
    const [head, ...body] = rows('curve/curve.csv');
    expect(head).toEqual(['epsilon', 'fgsm', 'pgd']);
    const numbers = body.map((row) => row.map(Number));
    expect(numbers.map(([eps]) => eps)).toEqual([0, 0.5 / 255, 8 / 255]);
    expect(numbers[0]!.slice(1)).toEqual([1, 1]);
    for (const column of [1, 2]) {
      const own = numbers.map((row) => row[column]!);
      expect(own).toEqual(own.toSorted((a, b) => b - a));
    }
    // PGD has five steps where FGSM has one.
    expect(numbers[2]![2]).toBe(0);
    const { curves } = json<{ curves: { settings: object }[] }>('curve/curve.json');
    expect(curves.map(({ settings }) => settings)).toEqual([{}, { steps: 5 }]);
    expect(out).toMatch(/pgd: accuracy by epsilon 0: 100 %, 0\.00196: \d+ %, 0\.0314: 0 %/);
  });

  it('of a defended network lies lower for an attack that knows of the defence', async () => {
    const options = ['--defence', 'jpeg:30', '--eps', '4/255', '--image', ...scenes];
    await attack('curve', 'resnet18', '--out', at('plain'), ...options);
    await attack('curve', 'resnet18', '--out', at('adaptive'), '--adaptive', ...options);
    const [plain, adaptive] = ['plain', 'adaptive'].map((name) =>
      Number(rows(`${name}/curve.csv`).at(-1)![1]),
    );
    expect(adaptive).toBeLessThan(plain!);
    expect(json('adaptive/curve.json')).toMatchObject({
      defence: { id: 'jpeg', strength: 30, adaptive: true },
    });
  });
});

describe('convlens attack --defence', () => {
  interface Report {
    readonly success: number;
    readonly images: readonly { readonly fooled: boolean; readonly png: { fooled: boolean } }[];
  }
  it('asks the defended network, which the plain attack fools less often than the adaptive one', async () => {
    const options = ['--defence', 'jpeg:30', '--eps', '4/255', '--image', ...scenes];
    const [plain, adaptive] = [
      await attack('resnet18', '--out', at('stopped'), ...options),
      await attack('resnet18', '--out', at('known'), '--adaptive', ...options),
    ];
    expect([plain.code, adaptive.code]).toEqual([0, 0]);
    expect(plain.out).toMatch(/not fooled/);
    const reports = ['stopped', 'known'].map((name) => json<Report>(`${name}/attack-pgd.json`));
    expect(reports[0]!.success).toBeLessThan(reports[1]!.success);
    for (const { success, images } of reports) {
      // JPEG gives the same answer each time, so that what is told of the PNG can be counted, too.
      expect(images.filter(({ fooled }) => fooled).length / images.length).toBe(success);
      for (const { fooled, png } of images) expect(png.fooled).toBe(fooled);
    }
  });
});

describe('convlens attack transfer', () => {
  it('writes a row for each network attacked and a column for each asked', async () => {
    const { code, out } = await attack(
      ...['transfer', 'resnet18', 'vgg11', 'resnet18-robust', '--out', at('transfer')],
      ...['--eps', '8/255', ...scenes.flatMap((scene) => ['--image', scene])],
    );
    expect(code).toBe(0);
    const [head, ...body] = rows('transfer/transfer.csv');
    expect(head!.length).toBeGreaterThanOrEqual(4);
    expect(body.length).toBe(3);
    const report = json<{ rows: { compared: number; rate: number }[][]; attack: string }>(
      'transfer/transfer.json',
    );
    expect(report.attack).toBe('mi-fgsm');
    const [resnet, vgg, robust] = report.rows;
    // The networks that nothing defends fall for their own, and less for each other's.
    expect([resnet![0]!.rate, vgg![1]!.rate]).toEqual([1, 1]);
    expect(resnet![1]!.compared).toBeGreaterThan(1);
    // What fools the defended one least was made for another.
    expect(resnet![2]!.rate).toBeLessThanOrEqual(robust![2]!.rate);
    expect(out).toMatch(/ResNet-18 -> VGG-11: \d of \d fooled/);
  });
});

describe('convlens attack universal', () => {
  it('writes one perturbation within epsilon, amplified as a picture, and how often it fools', async () => {
    const { code, out } = await attack(
      ...['universal', 'vgg11', '--out', at('universal'), '--eps', '12/255', '--passes', '2'],
      ...['--rate', '0.5', '--image', ...scenes],
    );
    expect(code).toBe(0);
    const { shape, data } = readNpy(readFileSync(at('universal/universal.npy')));
    expect(shape).toEqual([3, 64, 64]);
    const largest = Math.max(...(data as Float32Array).map(Math.abs));
    expect(largest).toBeLessThanOrEqual((12 / 255) * (1 + 1e-6));
    const { success, amplified, images } = json<{
      success: number;
      amplified: number;
      images: { label: number; after: { class: number } }[];
    }>('universal/universal.json');
    const fooled = images.filter(({ label, after }) => after.class !== label).length;
    expect(fooled / images.length).toBe(success);
    expect(success).toBeGreaterThanOrEqual(0.5);
    expect(amplified * largest).toBeCloseTo(0.5, 6);
    const picture = readPng(readFileSync(at('universal/universal.png')));
    expect(picture.data[0]).toBe(Math.round(255 * (0.5 + amplified * (data[0] as number))));
    expect(out).toMatch(/fools \d+ % of the known images/);
  });
});

describe('convlens attack patch', () => {
  it('writes a patch to print that is taken for its class', async () => {
    const { code, out } = await attack(
      ...['patch', 'alexnet', '--target', 'banana', '--out', at('patch'), '--scale', '0.6:0.7'],
      ...['--steps', '40', '--print', '300', '--image', ...scenes],
    );
    expect(code).toBe(0);
    const { width, height, data } = readPng(readFileSync(at('patch/patch.png')));
    expect([width, height]).toEqual([300, 300]);
    // A disc: nothing in the corner, opaque in the middle.
    expect([data[3], data[(150 * 300 + 150) * 4 + 3]]).toEqual([0, 255]);
    const report = json<{ rate: number; tried: number; examples: { file: string }[] }>(
      'patch/patch.json',
    );
    expect(report.tried).toBe(40);
    expect(report.rate).toBeGreaterThan(0.6);
    expect(report.examples.length).toBe(4);
    expect(readPng(readFileSync(at(`patch/${report.examples[0]!.file}`))).width).toBe(64);
    expect(rows('patch/patch.csv').length).toBe(41);
    expect(out).toMatch(/taken for \d+ \(banana\) on \d+ of 40 placements/);
  });
});

describe('convlens attack fool', () => {
  it('writes a picture of nothing whose PNG the network is sure of', async () => {
    const { code, out } = await attack('fool', 'resnet18', '--target', 'banana', '--out', at('f'));
    expect(code).toBe(0);
    const [name] = /fool-\d+-gradient/.exec(out)!;
    const { reached, png } = json<{ reached: boolean; png: { name: string; target: number } }>(
      `f/${name}.json`,
    );
    expect(reached).toBe(true);
    expect(png.name).toBe('banana');
    expect(png.target).toBeGreaterThan(0.98);
    expect(readPng(readFileSync(at(`f/${name}.png`))).width).toBe(64);
  });
});

describe('what goes wrong', () => {
  const image = ['--image', scenes[0]!, '--out', at('wrong')];
  it.each([
    [['alexnet', '--defence', 'magic'], 64, /--defence is one of jpeg/],
    [['alexnet', '--defence', 'jpeg:lots'], 64, /ID or ID:STRENGTH, got "jpeg:lots"/],
    [['alexnet', '--defence', 'jpeg:900'], 2, /quality from 1 to 100, got 900\. \[E_ARGUMENT\]/],
    [['alexnet', '--adaptive'], 64, /--defence, which is missing/],
    [['alexnet', '--attack', 'pgd', '--attack', 'bim'], 64, /attack curve compares several/],
    [['curve'], 64, /no model given/],
    [['curve', 'alexnet', '--attack', 'cw'], 2, /keeps within epsilon \(.*got "cw"/],
    [['curve', 'alexnet', '--eps', 'much'], 64, /--eps takes a number or a fraction/],
    [['curve', 'alexnet', '--attack', 'fgsm', '--steps', '3'], 2, /FGSM has no parameter "steps"/],
    [['transfer', 'alexnet'], 64, /two networks or more/],
    [['universal', 'alexnet', '--norm', 'l1'], 64, /--norm is one of linf, l2/],
    [['universal', 'alexnet', '--norm', 'l2'], 64, /--eps is missing/],
    [['patch', 'alexnet'], 64, /--target is missing/],
    [['patch', 'alexnet', '--target', 'unicorn'], 2, /no class "unicorn"/],
    [['patch', 'alexnet', '--target', '1', '--shape', 'star'], 64, /--shape is one of round/],
    [['patch', 'alexnet', '--target', '1', '--scale', '1:2:3'], 64, /LEAST:MOST/],
    [['patch', 'alexnet', '--target', '1', '--scale', '0.9:0.1'], 2, /the least first/],
  ] as const)('says so: %j', async (args, code, words) => {
    const said = await attack(...args, ...image);
    expect(said.err).toMatch(words);
    expect(said.code).toBe(code);
  });

  it.each([
    [['fool', 'alexnet', '--target', '1', '--by', 'magic'], 64, /--by is gradient or evolution/],
    [['fool', 'alexnet'], 64, /--target is missing/],
    [['fool', 'alexnet', '--target', '1', '--confidence', '2'], 2, /between 0 and 1, got 2/],
  ] as const)('says so: %j', async (args, code, words) => {
    const said = await attack(...args, '--out', at('wrong'));
    expect(said.err).toMatch(words);
    expect(said.code).toBe(code);
  });
});
