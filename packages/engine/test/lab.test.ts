import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { defences, topClass } from '@convlens/core';
import { readPng } from '@convlens/data/png';
import { createNodeEngine, type AttackAnswer, type Job, type Progress } from '../src/node/index.js';

const models = fileURLToPath(new URL('../../../models/', import.meta.url));
const pictures = dirname(
  createRequire(import.meta.url).resolve('@convlens/data/pictures/samples.json'),
);
const preprocessing = {
  channelOrder: 'RGB',
  range: 1,
  mean: [0.485, 0.456, 0.406],
  std: [0.229, 0.224, 0.225],
} as const;

/** An engine with two networks and two pictures. */
async function laboratory(onProgress: (progress: Progress) => void = () => undefined) {
  const { engine, run } = createNodeEngine({}, onProgress);
  for (const id of ['resnet18', 'alexnet']) {
    await run((job) =>
      engine.openNetwork(job, { id, url: `${models}${id}.onnx`, knowledge: { preprocessing } }),
    );
  }
  for (const id of ['lemon', 'espresso']) {
    const pixels = readPng(readFileSync(`${pictures}/${id}.png`));
    await run((job) => engine.openImage(job, { id, pixels }));
  }
  return { engine, run };
}

const towards = { kind: 'attack', network: 'resnet18', image: 'lemon', method: 'pgd' } as const;

describe.runIf(existsSync(`${models}resnet18.onnx`))('the lab of the worker', () => {
  it('attacks towards a class: frames on the way, and a file of 8 bits that is still taken for it', async () => {
    const frames: Progress[] = [];
    const { engine, run } = await laboratory((progress) => {
      if (progress.lab) frames.push(progress);
    });
    const request = { ...towards, target: 67, seed: 1, settings: { steps: 20 } };
    const answer = await run((job) => engine.lab(job, request));
    expect(answer.file.fooled).toBe(true);
    expect(topClass(answer.file.logits)).toBe(67);
    expect(answer.file.size.linf).toBeLessThanOrEqual(8 / 255 + 1e-7);
    expect(answer.queries).toEqual({ forward: 0, gradient: 20 });
    expect(frames.map(({ loaded }) => loaded)).toEqual(Array.from({ length: 20 }, (_, i) => i + 1));
    // The file, opened as any image is, is what the network is shown: nothing is lost on the way.
    await run((job) => engine.openImage(job, { id: 'again', pixels: answer.file.picture }));
    const { logits } = await run((job) =>
      engine.activations(job, { network: 'resnet18', image: 'again', layers: [], scores: true }),
    );
    expect(topClass(logits!)).toBe(67);
  });

  it('goes through a defence when it knows of it, and is judged behind it either way', async () => {
    const { engine, run } = await laboratory();
    const answers: AttackAnswer[] = [];
    for (const adaptive of [false, true]) {
      const request = { ...towards, seed: 1, defence: { id: 'blur', adaptive } };
      answers.push(await run((job) => engine.lab(job, request)));
    }
    for (const { shown, file } of answers) expect(shown!.data).not.toEqual(file.picture.data);
    expect(answers[1]!.file.fooled).toBe(true);
    expect(answers[0]!.file.picture.data).not.toEqual(answers[1]!.file.picture.data);
  });

  it('measures a defence: the attack that knows of it succeeds at least as often', async () => {
    const { engine, run } = await laboratory();
    const answer = await run((job) =>
      engine.lab(job, {
        kind: 'defence',
        network: 'resnet18',
        images: [{ image: 'lemon' }, { image: 'espresso' }],
        method: 'pgd',
        defence: 'blur',
        strengths: [1, 2],
        seed: 1,
      }),
    );
    expect(defences.map(({ id }) => id)).toContain('blur');
    expect(answer.bare).toBe(1);
    for (const { plain, adaptive } of answer.points) {
      expect(adaptive).toBeGreaterThanOrEqual(plain);
      expect(adaptive).toBe(1);
    }
  });

  it('keeps the programs of one network however often it runs, and none of one that is closed', async () => {
    const { engine, run } = await laboratory();
    const held: number[] = [];
    for (const network of ['resnet18', 'alexnet', 'resnet18', 'alexnet']) {
      await run((job) => engine.lab(job, { ...towards, network, seed: 1 }));
      held.push(engine.memory().sessions);
    }
    // A forward pass, and the gradients of two losses.
    expect(Math.max(...held)).toBeLessThanOrEqual(3);
    await engine.closeNetwork('alexnet');
    expect(engine.memory().sessions).toBe(0);
  });

  it('compares networks with the same pictures, and keeps the programs of the first only', async () => {
    const { engine, run } = await laboratory();
    const { rows } = await run((job) =>
      engine.lab(job, {
        kind: 'transfer',
        networks: ['resnet18', 'alexnet'],
        images: [{ image: 'lemon' }, { image: 'espresso' }],
        method: 'pgd',
        seed: 1,
      }),
    );
    expect(rows.map((row) => row.length)).toEqual([2, 2]);
    expect([rows[0]![0]!.rate, rows[1]![1]!.rate]).toEqual([1, 1]);
    expect(engine.memory().sessions).toBeLessThanOrEqual(3);
  });

  it('makes one perturbation for all that holds as pictures of 8 bits, where noise does not', async () => {
    const { engine, run } = await laboratory();
    const answer = await run((job) =>
      engine.lab(job, {
        kind: 'universal',
        network: 'resnet18',
        images: [{ image: 'lemon' }, { image: 'espresso' }],
        norm: 'linf',
        eps: 12 / 255,
        seed: 1,
      }),
    );
    expect(answer.success).toBe(1);
    expect(answer.noise).toBe(0);
    for (const { before, after } of answer.pictures) {
      expect(topClass(after)).not.toBe(topClass(before));
    }
    const most = Math.max(...answer.perturbation.map(Math.abs));
    expect(most).toBeLessThanOrEqual(12 / 255 + 1e-7);
  });

  it('takes a named class for right where the network has it, and its own answer where not', async () => {
    const { engine, run } = await laboratory();
    const curve = (className?: string) =>
      run((job) =>
        engine.lab(job, {
          kind: 'curve',
          network: 'resnet18',
          images: [{ image: 'lemon', ...(className && { className }) }],
          attacks: [{ method: 'fgsm' }],
          epsilons: [1 / 255],
          seed: 1,
        }),
      );
    expect((await curve()).curves[0]!.points[0]!.accuracy).toBe(1);
    await run((job) =>
      engine.openNetwork(job, {
        id: 'resnet18',
        url: `${models}resnet18.onnx`,
        knowledge: { preprocessing, classes: ['cat', ...Array<string>(99).fill('thing')] },
      }),
    );
    expect((await curve('cat')).curves[0]!.points[0]!.accuracy).toBe(0);
    expect((await curve('unheard of')).curves[0]!.points[0]!.accuracy).toBe(1);
  });

  it('ends between two steps when it is cancelled', async () => {
    const { engine, run } = await laboratory();
    const controller = new AbortController();
    let steps = 0;
    const cancelled = run((job) => {
      const own: Job = {
        ...job,
        signal: controller.signal,
        paused: false,
        check: () => controller.signal.throwIfAborted(),
        report: ({ lab }) => {
          if (lab && ++steps === 3) controller.abort();
        },
      };
      return engine.lab(own, { ...towards, seed: 1, settings: { steps: 50 } });
    });
    await expect(cancelled).rejects.toThrow(/abort/i);
    expect(steps).toBeLessThan(6);
  });
});
