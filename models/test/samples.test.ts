import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import * as ort from 'onnxruntime-node';
import { afterAll, describe, expect, it } from 'vitest';
import { cropToInput, toInput, type Normalisation } from '@convlens/data';
import { sampleScenes } from '@convlens/data/samples';
import { sample } from './support/pictures.js';

const here = (path: string): string => fileURLToPath(new URL(`../${path}`, import.meta.url));

interface Entry {
  readonly id: string;
  readonly file: string;
  readonly input: { readonly name: string };
  readonly preprocessing: Normalisation;
}

const { networks } = JSON.parse(readFileSync(here('manifest.json'), 'utf8')) as {
  networks: Entry[];
};
const standard = networks.filter(({ id }) => !id.includes('robust'));
const labels = readFileSync(here('labels.txt'), 'utf8').trim().split('\n');

const sessions = await Promise.all(
  standard.map(({ file }) => ort.InferenceSession.create(here(file), { logSeverityLevel: 3 })),
);
afterAll(async () => {
  for (const session of sessions) await session.release();
});

/** Rank of the best expected class by each standard network, 1 for the most probable. */
async function ranks(id: string, expected: readonly string[]): Promise<number[]> {
  const crop = cropToInput(sample(id), 64, 64);
  const found: number[] = [];
  for (const [i, { input, preprocessing }] of standard.entries()) {
    const session = sessions[i]!;
    const x = toInput(crop, 3, preprocessing);
    const result = await session.run({ [input.name]: new ort.Tensor('float32', x.data, x.shape) });
    const logits = result[session.outputNames[0]!]!.data as Float32Array;
    const best = Math.max(...expected.map((name) => logits[labels.indexOf(name)]!));
    found.push(1 + logits.filter((value) => value > best).length);
  }
  return found;
}

describe('sample pictures are classified sensibly', () => {
  let clear = 0;
  it.each(sampleScenes)('$id', async ({ id, expected }) => {
    for (const name of expected) expect(labels).toContain(name);
    const found = await ranks(id, expected);
    // Every network has the right class among its first five; most samples are clear to three of four.
    expect(Math.max(...found), `ranks ${found.join(', ')}`).toBeLessThanOrEqual(5);
    if (found.filter((rank) => rank === 1).length >= 3) clear++;
  });

  it('at least ten are clear to three of the four networks', () => {
    expect(clear).toBeGreaterThanOrEqual(10);
  });
});
