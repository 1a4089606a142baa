import { patchShapes, pictureOf, printPatch, trainPatch, tryPatch } from '@convlens/core';
import { float32 } from '@convlens/onnx';
import { parse, UsageError } from '../arguments.js';
import { imageFiles, Output } from '../files.js';
import { labelled, named, numberOf, said, subjectOf, targetOf } from './asked.js';

/** Examples that are written. */
const EXAMPLES = 6;

/** `convlens attack patch`: a patch to print that is taken for a class. */
export async function attackPatch(args: readonly string[]): Promise<string> {
  const text = { type: 'string' } as const;
  const list = { type: 'string', multiple: true } as const;
  const own = { target: text, shape: text, scale: text, rotation: text, steps: text, print: text };
  const given = parse(args, { ...own, image: list, label: list, seed: text, out: text }, true);
  given.needed('image');
  given.needed('target');
  const folder = given.needed('out');
  const wished = given.text('shape') ?? patchShapes[0];
  const shape = patchShapes.find((one) => one === wished);
  if (!shape) throw new UsageError(`--shape is one of ${patchShapes.join(', ')}, got "${wished}"`);
  const scale = scaleOf(given.text('scale'));
  const rotation = numberOf(given, 'rotation');
  const steps = given.count('steps');
  const print = given.count('print') ?? 512;
  if (print < 1) throw new UsageError(`--print takes a number of pixels, got "${print}"`);
  const seed = given.count('seed') ?? 0;
  const subject = await subjectOf(given);
  const { network, attacked: classifier } = subject;
  const target = targetOf(network, given);
  const files = imageFiles([...given.list('image'), ...given.rest]);
  const task = {
    ...(await labelled(subject, given, files)),
    ...{ target, seed },
    ...(scale && { scale }),
    ...(rotation !== undefined && { rotation }),
  };
  const objective: number[] = [];
  const patch = await trainPatch(classifier, {
    ...{ ...task, shape },
    ...(steps !== undefined && { steps }),
    onStep: (step) => void objective.push(step.objective),
  });
  const found = await tryPatch(classifier, patch, task);
  await subject.dispose();

  const output = new Output(folder);
  const [channels] = classifier.shape;
  output.image('patch', printPatch(patch, channels, print));
  output.tensor('patch', float32(patch.texels, [channels, patch.side, patch.side]));
  const examples = found.examples.slice(0, EXAMPLES).map(({ image, answer }, i) => {
    output.image(`patch-on-${i + 1}`, pictureOf(image, classifier.shape));
    return { file: `patch-on-${i + 1}.png`, ...named(network, answer) };
  });
  output.csv('patch', [['step', 'mean log-probability'], ...objective.map((v, step) => [step, v])]);
  const { tried, reached, rate } = found;
  output.json('patch', {
    ...{ network: network.title, target: named(network, target), shape, seed },
    ...{ side: patch.side, scale, rotation, steps: objective.length, images: files },
    ...{ tried, reached, rate, examples },
  });
  return [
    `taken for ${said(named(network, target))} on ${reached} of ${tried} placements that training has not seen`,
    ...output.written,
  ].join('\n');
}

/** `LEAST:MOST`, or one number. */
function scaleOf(text: string | undefined): readonly [number, number] | undefined {
  if (text === undefined) return undefined;
  const [least, most = least, ...rest] = text.split(':').map(Number);
  if (least !== undefined && most !== undefined && rest.length === 0) {
    if (Number.isFinite(least) && Number.isFinite(most)) return [least, most];
  }
  throw new UsageError(`--scale takes LEAST:MOST, parts of the image's side, got "${text}"`);
}
