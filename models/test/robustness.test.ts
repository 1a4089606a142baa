import { expect, it } from 'vitest';
import {
  NetworkClassifier,
  planesOf,
  robustnessCurves,
  topClass,
  trainPatch,
  tryPatch,
} from '@convlens/core';
import { renderSample, sampleScenes } from '@convlens/data/samples';
import { full, LATER } from '@convlens/tooling/tier.mjs';
import { embedded, executor, isPictured, openEmbedded } from './support/pictures.js';

/** An embedded network with the sample pictures and what it says of them. */
async function subject(id: string): Promise<{
  classifier: NetworkClassifier;
  images: Float32Array[];
  labels: number[];
  classes: readonly string[];
}> {
  const network = openEmbedded(id);
  const classifier = new NetworkClassifier(network, executor);
  const images = sampleScenes.map((scene) => planesOf(renderSample(scene.id, 64), 3));
  const labels = (await classifier.logits(images)).map(topClass);
  return { classifier, images, labels, classes: network.classes! };
}

// The browser tests measure the same curve, on the way that a person goes.
it.runIf(full)(
  'the adversarially trained network stands where the same network without falls',
  async () => {
    const accuracy: number[][] = [];
    for (const id of ['resnet18', 'resnet18-robust']) {
      const { classifier, images, labels } = await subject(id);
      const [curve] = await robustnessCurves(classifier, {
        ...{ images, labels, seed: 1, epsilons: [2, 4, 8].map((level) => level / 255) },
        attacks: [{ method: 'pgd', settings: { steps: 10 } }],
      });
      accuracy.push(curve!.points.map((point) => point.accuracy));
      await classifier.dispose();
    }
    const [plain, robust] = accuracy;
    console.info(`standard ${plain!.join(', ')}; adversarially trained ${robust!.join(', ')}`);
    expect(plain!.at(-1)).toBe(0);
    expect(robust!.at(-1)).toBeGreaterThan(0.3);
    robust!.forEach((value, i) => expect(value).toBeGreaterThanOrEqual(plain![i]!));
  },
  600_000,
);

it.for(embedded)(
  '%s: a patch with the defaults is taken for its class on most placements, and its start on hardly any',
  { timeout: 600_000 },
  async (id, { skip }) => {
    skip(!isPictured(id), LATER);
    const { classifier, images, labels, classes } = await subject(id);
    const task = { images, labels, target: classes.indexOf('banana'), seed: 1 };
    const start = await trainPatch(classifier, { ...task, steps: 1, rate: 1e-9 });
    const before = await tryPatch(classifier, start, task);
    const patch = await trainPatch(classifier, task);
    const after = await tryPatch(classifier, patch, task);
    await classifier.dispose();
    console.info(
      `${id}: ${before.rate.toFixed(2)} by noise, ${after.rate.toFixed(2)} by the patch`,
    );
    expect(after.tried).toBeGreaterThanOrEqual(100);
    expect(before.rate).toBeLessThan(0.1);
    expect(after.rate).toBeGreaterThan(0.6);
  },
);
