import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, vi } from 'vitest';
import { defences, topClass } from '@convlens/core';
import { readPng } from '@convlens/data/png';
import {
  createNodeEngine,
  type AttackAnswer,
  type ImageHandle,
  type NetworkHandle,
} from '../src/node/index.js';

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
async function laboratory() {
  const engine = createNodeEngine();
  const open = (id: string): Promise<NetworkHandle> =>
    engine.openNetwork({ id, url: `${models}${id}.onnx`, knowledge: { preprocessing } });
  const picture = (id: string): Promise<ImageHandle> =>
    engine.openImage({ pixels: readPng(readFileSync(`${pictures}/${id}.png`)) });
  const [resnet18, alexnet] = [await open('resnet18'), await open('alexnet')];
  const [lemon, espresso] = [await picture('lemon'), await picture('espresso')];
  const both = [{ image: lemon.id }, { image: espresso.id }];
  const towards = { network: resnet18.id, image: lemon.id, method: 'pgd', seed: 1 } as const;
  return { engine, resnet18, alexnet, lemon, both, towards };
}

describe.runIf(existsSync(`${models}resnet18.onnx`))('the lab of the worker', () => {
  it('attacks towards a class: frames on the way, and a file of 8 bits that is still taken for it', async () => {
    const steps: (number | undefined)[] = [];
    const { engine, resnet18, towards } = await laboratory();
    const request = { ...towards, target: 67, settings: { steps: 20 } };
    const answer = await engine.run('attack', request, {
      onFrame: ({ done }) => steps.push(done),
    });
    expect(answer.file.fooled).toBe(true);
    expect(topClass(answer.file.logits)).toBe(67);
    expect(answer.file.size.linf).toBeLessThanOrEqual(8 / 255 + 1e-7);
    expect(answer.queries).toEqual({ forward: 0, gradient: 20 });
    expect(steps).toEqual(Array.from({ length: 20 }, (_, i) => i + 1));
    // The file, opened as any image is, is what the network is shown: nothing is lost on the way.
    const { id: image } = await engine.openImage({ pixels: answer.file.picture });
    const shown = { network: resnet18.id, image, layers: [], scores: true };
    const { logits } = await engine.run('activations', shown);
    expect(topClass(logits!)).toBe(67);
  });

  it('goes through a defence when it knows of it, and is judged behind it either way', async () => {
    const { engine, towards } = await laboratory();
    const answers: AttackAnswer[] = [];
    for (const adaptive of [false, true]) {
      const request = { ...towards, defence: { id: 'blur', adaptive } };
      answers.push(await engine.run('attack', request));
    }
    for (const { shown, file } of answers) expect(shown!.data).not.toEqual(file.picture.data);
    expect(answers[1]!.file.fooled).toBe(true);
    expect(answers[0]!.file.picture.data).not.toEqual(answers[1]!.file.picture.data);
  });

  it('measures a defence: the attack that knows of it succeeds at least as often', async () => {
    const { engine, resnet18, both } = await laboratory();
    const answer = await engine.run('defence', {
      network: resnet18.id,
      images: both,
      method: 'pgd',
      defence: 'blur',
      strengths: [1, 2],
      seed: 1,
    });
    expect(defences.map(({ id }) => id)).toContain('blur');
    expect(answer.bare).toBe(1);
    for (const { plain, adaptive } of answer.points) {
      expect(adaptive).toBeGreaterThanOrEqual(plain);
      expect(adaptive).toBe(1);
    }
  });

  it('keeps the programs of one network however often it runs, and none of one that is closed', async () => {
    const { engine, resnet18, alexnet, towards } = await laboratory();
    const held: number[] = [];
    for (const { id: network } of [resnet18, alexnet, resnet18, alexnet]) {
      await engine.run('attack', { ...towards, network });
      held.push((await engine.memory()).sessions);
    }
    // A forward pass, and the gradients of two losses.
    expect(Math.max(...held)).toBeLessThanOrEqual(3);
    alexnet[Symbol.dispose]();
    await vi.waitFor(async () => expect((await engine.memory()).sessions).toBe(0));
  });

  it('compares networks with the same pictures, and keeps the programs of the first only', async () => {
    const { engine, resnet18, alexnet, both } = await laboratory();
    const { rows } = await engine.run('transfer', {
      networks: [resnet18.id, alexnet.id],
      images: both,
      method: 'pgd',
      seed: 1,
    });
    expect(rows.map((row) => row.length)).toEqual([2, 2]);
    expect([rows[0]![0]!.rate, rows[1]![1]!.rate]).toEqual([1, 1]);
    expect((await engine.memory()).sessions).toBeLessThanOrEqual(3);
  });

  it('makes one perturbation for all that holds as pictures of 8 bits, where noise does not', async () => {
    const { engine, resnet18, both } = await laboratory();
    const answer = await engine.run('universal', {
      network: resnet18.id,
      images: both,
      norm: 'linf',
      eps: 12 / 255,
      seed: 1,
    });
    expect(answer.success).toBe(1);
    expect(answer.noise).toBe(0);
    for (const { before, after } of answer.pictures) {
      expect(topClass(after)).not.toBe(topClass(before));
    }
    const most = Math.max(...answer.perturbation.map(Math.abs));
    expect(most).toBeLessThanOrEqual(12 / 255 + 1e-7);
  });

  it('takes a named class for right where the network has it, and its own answer where not', async () => {
    const { engine, resnet18, lemon } = await laboratory();
    const curve = (className?: string, network = resnet18) =>
      engine.run('curve', {
        network: network.id,
        images: [{ image: lemon.id, ...(className && { className }) }],
        attacks: [{ method: 'fgsm' }],
        epsilons: [1 / 255],
        seed: 1,
      });
    expect((await curve()).curves[0]!.points[0]!.accuracy).toBe(1);
    const named = await engine.openNetwork({
      id: 'resnet18',
      url: `${models}resnet18.onnx`,
      knowledge: { preprocessing, classes: ['cat', ...Array<string>(99).fill('thing')] },
    });
    expect((await curve('cat', named)).curves[0]!.points[0]!.accuracy).toBe(0);
    expect((await curve('unheard of', named)).curves[0]!.points[0]!.accuracy).toBe(1);
  });

  it('ends between two steps when it is cancelled', async () => {
    const { engine, towards } = await laboratory();
    const controller = new AbortController();
    let steps = 0;
    const cancelled = engine.run(
      'attack',
      { ...towards, settings: { steps: 50 } },
      {
        signal: controller.signal,
        onFrame: () => {
          if (++steps === 3) controller.abort();
        },
      },
    );
    await expect(cancelled).rejects.toMatchObject({ code: 'E_ABORTED' });
    expect(steps).toBeLessThan(6);
  });
});
