import { basename, extname } from 'node:path';
import {
  attack as run,
  keepingOf,
  perturbationSize,
  pictureOf,
  roundToBytes,
  successRate,
  topClass,
} from '@convlens/core';
import { float32 } from '@convlens/onnx';
import { parse, UsageError } from '../arguments.js';
import { imageFiles, Output } from '../files.js';
import {
  answerOf,
  ATTACK_OPTIONS,
  classesFor,
  DEFENCE_OPTIONS,
  labelled,
  methodsOf,
  said,
  settingsOf,
  subjectOf,
} from './asked.js';

/** Names for the results, each its own. */
function namesOf(files: readonly string[], method: string): readonly string[] {
  const bases = files.map((file) => `${basename(file, extname(file))}-${method}`);
  return bases.map((base, i) =>
    bases.indexOf(base) === bases.lastIndexOf(base) ? base : `${base}-${i + 1}`,
  );
}

/** `convlens attack`: fools a network with each of some images. */
export async function attackImages(args: readonly string[]): Promise<string> {
  const target = { type: 'string', multiple: true } as const;
  const given = parse(args, { ...ATTACK_OPTIONS, ...DEFENCE_OPTIONS, target }, true);
  const [chosen, more] = methodsOf(given, 'pgd');
  if (more) throw new UsageError('--attack is given once; convlens attack curve compares several');
  const method = chosen!.id;
  given.needed('image');
  const folder = given.needed('out');
  const wished = settingsOf(given);
  const seed = given.count('seed') ?? 0;
  const subject = await subjectOf(given);
  const { network, attacked: classifier, judge, defence } = subject;
  const { shape } = classifier;
  const files = imageFiles([...given.list('image'), ...given.rest]);
  const { images, labels } = await labelled(subject, given, files);
  const targets = classesFor(network, given, 'target', files.length);
  const task = { images, labels, seed, ...(targets.length > 0 && { targets }) };
  const outcome = await run(classifier, { ...task, method, settings: wished });
  const { queries, settings } = outcome;
  const attacked = outcome.images.map(({ image }) => image);
  const rounded = await roundToBytes(classifier, task, attacked, keepingOf(method, settings));
  const fools = (logits: Float32Array, i: number): boolean =>
    targets.length > 0 ? topClass(logits) === targets[i] : topClass(logits) !== labels[i];
  // Where the attack does not know of the defence, another is asked than the one that was attacked.
  const ask = async (own: readonly Float32Array[], shown: readonly Float32Array[]) =>
    judge === classifier ? own : judge.logits(shown);
  const before = await ask(
    outcome.images.map((image) => image.before),
    images,
  );
  const after = await ask(
    outcome.images.map((image) => image.after),
    attacked,
  );
  const printed = await ask(
    rounded.map(({ logits }) => logits),
    rounded.map(({ image }) => image),
  );
  const results = outcome.images.map(({ image }, i) => ({
    image,
    known: topClass(before[i]!) === labels[i],
    fooled: fools(after[i]!, i),
  }));
  await subject.dispose();

  const output = new Output(folder);
  const names = namesOf(files, method);
  const lines: string[] = [];
  const list = results.map(({ image, known, fooled }, i) => {
    const [name, bytes, original] = [names[i]!, rounded[i]!, images[i]!];
    const move = image.map((value, at) => value - original[at]!);
    output.image(name, pictureOf(bytes.image, shape));
    output.tensor(`${name}-perturbation`, float32(move, shape));
    output.tensor(`${name}-logits`, float32(after[i]!, [after[i]!.length]));
    const [first, then] = [answerOf(network, before[i]!), answerOf(network, after[i]!)];
    const size = perturbationSize(original, image, shape);
    const still = fools(printed[i]!, i);
    const verdict = fooled
      ? still
        ? 'fooled, also by the PNG'
        : 'fooled, but not by the PNG of 8 bits'
      : 'not fooled';
    lines.push(
      `${files[i]!}: ${said(first)} -> ${said(then)}, ${verdict}; largest change ` +
        `${(255 * size.linf).toFixed(2)}/255, distance ${size.l2.toFixed(4)}`,
    );
    return {
      file: files[i],
      label: labels[i],
      ...(targets.length > 0 && { target: targets[i] }),
      known,
      before: first,
      after: then,
      fooled,
      size,
      png: {
        file: `${name}.png`,
        ...answerOf(network, printed[i]!),
        fooled: still,
        repairs: bytes.repairs,
        size: perturbationSize(original, bytes.image, shape),
      },
    };
  });
  output.json(`attack-${method}`, {
    network: network.title,
    attack: method,
    settings,
    ...(defence && { defence }),
    seed,
    queries,
    known: results.filter(({ known }) => known).length,
    success: successRate(results),
    images: list,
  });
  return [...lines, ...output.written].join('\n');
}
