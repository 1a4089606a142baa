import { attack, successRate, topClass, type AttackOutcome, type Classifier } from '@convlens/core';
import type { DefenceAnswer, DefenceJob, DefencePoint } from '../../shared/lab.js';
import { defended } from './attack.js';
import { partMisled, type Table } from './table.js';

/**
 * How often an attack succeeds against a defence: made on the bare network and then shown to the defended one, and made
 * through the defence.
 *
 * @param table network, images, job
 * @param request attack, defence, strengths
 * @throws LensError as `attack` does
 */
export async function runDefence(
  table: Table,
  { network, images, method, settings, defence, strengths, seed }: DefenceJob,
): Promise<DefenceAnswer> {
  const bare = table.classifier(network);
  const set = await table.set(images, network);
  const parts = strengths.length + 1;
  const made = (classifier: Classifier, at: number): Promise<AttackOutcome> =>
    attack(classifier, {
      ...set,
      method,
      seed,
      ...(settings && { settings }),
      onStep: table.count('attacks', at, parts),
    });
  const plain = await made(bare, 0);
  const points: DefencePoint[] = [];
  for (const [at, strength] of strengths.entries()) {
    const judge = defended(bare, { id: defence, strength }, seed);
    const known = (await judge.logits(set.images)).map((z, i) => topClass(z) === set.labels[i]);
    const adaptive = await made(judge, at + 1);
    const success = async ({ images }: AttackOutcome): Promise<number> =>
      partMisled(await judge.logits(images.map(({ image }) => image)), set.labels, known);
    points.push({
      strength,
      accuracy: known.filter(Boolean).length / Math.max(1, known.length),
      plain: await success(plain),
      adaptive: await success(adaptive),
    });
    table.report('attacks', at + 2, parts, { points: [...points] });
  }
  return { points, bare: successRate(plain.images) };
}
