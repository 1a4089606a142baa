import type { Classifier } from '../attacks/classifier.js';
import { crossEntropy } from '../attacks/losses.js';
import { Random } from '../random.js';
import { firstCppn, mutated, paintCppn, type Cppn } from './cppn.js';
import { checkFooling, type FoolingImage, type FoolingTask } from './fooling-image.js';

/** Networks in a generation, those that live on, and generations without a gain of 5 % after which all begins anew. */
const POPULATION = { size: 32, parents: 8, patience: 25 };

/**
 * Evolves a regular pattern that is taken for a class: pattern-producing networks, the eight best of each generation kept
 * and each the parent of children; where they are stuck, others begin anew. Where Nguyen et al. evolve all classes at once (MAP-Elites), this looks for one.
 * Asks for answers only.
 *
 * @param classifier what is to be fooled
 * @param task class, confidence, generations at most
 * @throws LensError `E_ARGUMENT`, and as the classifier does
 * @see Nguyen, Yosinski and Clune, Deep neural networks are easily fooled, CVPR 2015
 */
export async function foolByEvolution(
  classifier: Classifier,
  task: FoolingTask,
): Promise<FoolingImage> {
  const confidence = checkFooling(classifier, task);
  const random = new Random(task.seed, 'fooling/evolution');
  const [channels] = classifier.shape;
  const judge = async (all: readonly Cppn[]): Promise<Judged[]> => {
    const images = all.map((cppn) => paintCppn(cppn, classifier.shape));
    const logits = await classifier.logits(images);
    return all.map((cppn, i) => ({
      cppn,
      image: images[i]!,
      entropy: crossEntropy(logits[i]!, task.target),
    }));
  };
  const fitter = (a: Judged, b: Judged): number => a.entropy - b.entropy;
  const begin = async (): Promise<Judged[]> => {
    const first = Array.from({ length: POPULATION.size }, () => firstCppn(channels, random));
    return (await judge(first)).sort(fitter);
  };
  let all = await begin();
  let best = all[0]!;
  let gained = { generation: 0, entropy: best.entropy };
  for (let generation = 0; ; generation++) {
    if (all[0]!.entropy < best.entropy) best = all[0]!;
    if (all[0]!.entropy < 0.95 * gained.entropy) {
      gained = { generation, entropy: all[0]!.entropy };
    }
    const probability = Math.exp(-best.entropy);
    await task.onStep?.({
      done: generation,
      total: task.steps,
      images: [best.image],
      objective: [-best.entropy],
    });
    const reached = probability >= confidence;
    if (reached || generation === task.steps) {
      return { image: best.image, probability, steps: generation, reached };
    }
    if (generation - gained.generation >= POPULATION.patience) {
      // These have agreed on a pattern that leads no further.
      all = await begin();
      gained = { generation, entropy: all[0]!.entropy };
      continue;
    }
    const parents = all.slice(0, POPULATION.parents);
    const children = Array.from({ length: POPULATION.size - parents.length }, (_, i) =>
      mutated(parents[i % parents.length]!.cppn, channels, random),
    );
    all = [...parents, ...(await judge(children))].sort(fitter);
  }
}

interface Judged {
  readonly cppn: Cppn;
  readonly image: Float32Array;
  readonly entropy: number;
}
