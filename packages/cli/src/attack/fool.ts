import { crossEntropy, foolByEvolution, foolByGradient, pictureOf } from '@convlens/core';
import { parse, UsageError } from '../arguments.js';
import { Output } from '../files.js';
import { answerOf, named, numberOf, said, subjectOf, targetOf } from './asked.js';

/** Searches, with their steps at most. */
const SEARCHES = {
  gradient: { search: foolByGradient, steps: 200 },
  evolution: { search: foolByEvolution, steps: 600 },
} as const;

/** `convlens attack fool`: a picture of nothing that the network is sure of. */
export async function attackFool(args: readonly string[]): Promise<string> {
  const text = { type: 'string' } as const;
  const own = { target: text, by: text, confidence: text, steps: text };
  const given = parse(args, { ...own, seed: text, out: text });
  given.needed('target');
  const folder = given.needed('out');
  const by = given.text('by') ?? 'gradient';
  if (by !== 'gradient' && by !== 'evolution') {
    throw new UsageError(`--by is gradient or evolution, got "${by}"`);
  }
  const confidence = numberOf(given, 'confidence');
  const steps = given.count('steps') ?? SEARCHES[by].steps;
  const seed = given.count('seed') ?? 0;
  const subject = await subjectOf(given);
  const { network, attacked: classifier } = subject;
  const target = targetOf(network, given);
  const objective: number[] = [];
  const found = await SEARCHES[by].search(classifier, {
    ...{ target, steps, seed },
    ...(confidence !== undefined && { confidence }),
    onStep: (step) => void objective.push(step.objective![0]!),
  });
  // What a file of 8 bits holds may be seen otherwise.
  const bytes = found.image.map((v) => Math.round(255 * v) / 255);
  const [logits] = await classifier.logits([bytes]);
  await subject.dispose();

  const output = new Output(folder);
  const name = `fool-${target}-${by}`;
  output.image(name, pictureOf(bytes, classifier.shape));
  output.csv(name, [['step', 'log-probability'], ...objective.map((v, step) => [step, v])]);
  const png = { ...answerOf(network, logits!), target: Math.exp(-crossEntropy(logits!, target)) };
  output.json(name, {
    ...{ network: network.title, target: named(network, target), by, seed },
    ...{ probability: found.probability, reached: found.reached, steps: found.steps, png },
  });
  const verdict = found.reached ? 'reached' : 'not reached';
  return [
    `${said(named(network, target))}: probability ${found.probability.toFixed(4)} after ${found.steps} steps, ` +
      `${verdict}; as a PNG ${png.target.toFixed(4)}`,
    ...output.written,
  ].join('\n');
}
