import { attackMethod, type AttackMethod } from './method.js';
import { fools, AttackObjective } from './objective.js';
import { plain, times } from './parameters.js';
import { Random } from '../random.js';

/** A candidate: for each pixel its row, column (in 0..1 of the extents) and colours. */
type Genes = Float64Array;

/**
 * The one-pixel attack: differential evolution over the places and colours of a few pixels. A child is
 * a + factor (b - c) of three others, without crossover, and takes its parent's place where it lowers the probability of
 * the right class (or raises that of the class to reach). Ends with the generation in which the network is fooled. Asks
 * for answers only.
 *
 * @see Su, Vargas and Sakurai, One pixel attack for fooling deep neural networks, IEEE TEVC 2019
 */
export const onePixel: AttackMethod = attackMethod({
  id: 'one-pixel',
  title: 'One pixel',
  source: 'Su, Vargas and Sakurai 2019',
  gradients: false,
  towards: true,
  keeps: 'few',
  parameters: {
    pixels: times('Pixels', 1),
    population: times('Population', 100, 4),
    generations: times('Generations', 40, 0),
    factor: plain('Factor', 0.5, 0, 2),
  },
  async run(classifier, task, { pixels, population, generations, factor }) {
    // The probability falls as cross-entropy climbs, and that does not end in ties.
    const objective = new AttackObjective(classifier, task, 'cross-entropy');
    const { shape } = classifier;
    const results: Float32Array[] = task.images.map((image) => image.slice());
    for (const [i, image] of task.images.entries()) {
      const random = new Random(task.seed, `one-pixel/${i}`);
      const judge = async (all: readonly Genes[]): Promise<Verdict[]> => {
        const logits = await classifier.logits(all.map((genes) => painted(image, shape, genes)));
        return all.map((genes, at) => ({
          genes,
          value: objective.value(logits[at]!, i),
          fooled: fools(task, logits[at]!, i),
        }));
      };
      const clean = await classifier.logits([image]);
      if (fools(task, clean[0]!, i)) continue;
      let now = await judge(firstOf(population, pixels, shape[0], random));
      for (let generation = 0; ; generation++) {
        // What fools goes before what only comes close.
        const best = now.reduce((a, b) => (rank(b) > rank(a) ? b : a));
        results[i] = painted(image, shape, best.genes);
        const done = i * (generations + 1) + generation + 1;
        await task.onStep?.({
          done,
          total: task.images.length * (generations + 1),
          images: results,
        });
        if (best.fooled || generation === generations) break;
        const children = await judge(now.map((_, at) => child(now, at, factor, random)));
        now = now.map((parent, at) =>
          rank(children[at]!) > rank(parent) ? children[at]! : parent,
        );
      }
    }
    return results;
  },
});

interface Verdict {
  readonly genes: Genes;
  readonly value: number;
  readonly fooled: boolean;
}

const rank = ({ value, fooled }: Verdict): number => (fooled ? Infinity : value);

/** Places anywhere; colours around mid grey with a deviation of half the range, as in the paper. */
function firstOf(population: number, pixels: number, channels: number, random: Random): Genes[] {
  const length = 2 + channels;
  return Array.from({ length: population }, () =>
    Float64Array.from({ length: pixels * length }, (_, at) =>
      at % length < 2 ? random.uniform() : Math.min(1, Math.max(0, 0.5 + 0.5 * normal(random))),
    ),
  );
}

/** A sum of twelve uniform numbers. */
function normal(random: Random): number {
  let sum = -6;
  for (let draw = 0; draw < 12; draw++) sum += random.uniform();
  return sum;
}

function child(all: readonly Verdict[], parent: number, factor: number, random: Random): Genes {
  const picked: number[] = [parent];
  while (picked.length < 4) {
    const at = random.below(all.length);
    if (!picked.includes(at)) picked.push(at);
  }
  const [a, b, c] = picked.slice(1).map((at) => all[at]!.genes);
  return a!.map((gene, at) => {
    const value = gene + factor * (b![at]! - c![at]!);
    // A gene that leaves its range begins anew inside.
    return value >= 0 && value <= 1 ? value : random.uniform();
  });
}

/** The image with the pixels of a candidate. */
function painted(
  image: Float32Array,
  [channels, height, width]: readonly [number, number, number],
  genes: Genes,
): Float32Array {
  const out = image.slice();
  for (let at = 0; at < genes.length; at += 2 + channels) {
    const row = Math.min(height - 1, Math.floor(genes[at]! * height));
    const column = Math.min(width - 1, Math.floor(genes[at + 1]! * width));
    for (let c = 0; c < channels; c++) {
      out[(c * height + row) * width + column] = genes[at + 2 + c]!;
    }
  }
  return out;
}
