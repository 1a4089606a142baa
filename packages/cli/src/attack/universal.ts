import { attackNorms, pictureOf, topClass, universalPerturbation } from '@convlens/core';
import { float32 } from '@convlens/onnx';
import { parse, UsageError } from '../arguments.js';
import { imageFiles, Output } from '../files.js';
import { labelled, named, numberOf, said, subjectOf } from './asked.js';

/** `convlens attack universal`: one perturbation for all images. */
export async function attackUniversal(args: readonly string[]): Promise<string> {
  const text = { type: 'string' } as const;
  const list = { type: 'string', multiple: true } as const;
  const own = { norm: text, eps: text, rate: text, passes: text };
  const given = parse(args, { ...own, image: list, label: list, seed: text, out: text }, true);
  given.needed('image');
  const folder = given.needed('out');
  const wished = given.text('norm') ?? attackNorms[0];
  const norm = attackNorms.find((one) => one === wished);
  if (!norm) throw new UsageError(`--norm is one of ${attackNorms.join(', ')}, got "${wished}"`);
  if (norm === 'l2') given.needed('eps');
  // The paper's 10 grey levels.
  const eps = numberOf(given, 'eps') ?? 10 / 255;
  const rate = numberOf(given, 'rate') ?? 0.8;
  const passes = given.count('passes') ?? 10;
  const seed = given.count('seed') ?? 0;
  const subject = await subjectOf(given);
  const { network, attacked: classifier } = subject;
  const { shape } = classifier;
  const files = imageFiles([...given.list('image'), ...given.rest]);
  const { images, labels } = await labelled(subject, given, files);
  const task = { images, labels, norm, eps, rate, passes, seed };
  const found = await universalPerturbation(classifier, task);
  const { perturbation } = found;
  const moved = images.map((image) =>
    image.map((v, i) => Math.min(1, Math.max(0, v + perturbation[i]!))),
  );
  const answers = (await classifier.logits(moved)).map(topClass);
  await subject.dispose();

  const output = new Output(folder);
  const largest = perturbation.reduce((most, v) => Math.max(most, Math.abs(v)), 0);
  // Grey is no change; the largest change is shown as black or white.
  const factor = largest === 0 ? 1 : 0.5 / largest;
  output.image(
    'universal',
    pictureOf(
      perturbation.map((v) => 0.5 + factor * v),
      shape,
    ),
  );
  output.tensor('universal', float32(perturbation, shape));
  output.json('universal', {
    network: network.title,
    ...{ norm, eps, rate, seed, passes: found.passes, success: found.success, amplified: factor },
    images: files.map((file, i) => ({
      file,
      label: labels[i],
      after: named(network, answers[i]!),
    })),
  });
  const lines = files.map(
    (file, i) =>
      `${file}: ${said(named(network, labels[i]!))} -> ${said(named(network, answers[i]!))}`,
  );
  return [
    ...lines,
    `fools ${(100 * found.success).toFixed(0)} % of the known images after ${found.passes} passes; ` +
      `shown ${factor.toFixed(1)} times as strong`,
    ...output.written,
  ].join('\n');
}
