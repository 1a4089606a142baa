import { ballAround } from './ball.js';
import { attackMethod, type AttackMethod } from './method.js';
import { fools, AttackObjective } from './objective.js';
import { eps, plain, times } from './parameters.js';
import { Random } from '../random.js';

/** Queries, of ten thousand, after which the squares have half their area. */
const HALVINGS = [10, 50, 200, 500, 1000, 2000, 4000, 6000, 8000];

/**
 * The Square attack in the largest change: a random search that asks for answers only. It begins with vertical stripes
 * of plus and minus epsilon, then sets a random square of each colour to the one or the other, and keeps what raises the
 * margin. Squares have the part `area` of the image at first and shrink on a schedule. An image that is fooled rests.
 *
 * @see Andriushchenko et al., Square attack, ECCV 2020, algorithms 1 and 2
 */
export const square: AttackMethod = attackMethod({
  id: 'square',
  title: 'Square',
  source: 'Andriushchenko et al. 2020',
  gradients: false,
  towards: true,
  keeps: 'ball',
  parameters: {
    eps,
    queries: times('Queries', 5000),
    area: plain('First area', 0.8, 0, 1),
  },
  async run(classifier, task, { eps, queries, area }) {
    const objective = new AttackObjective(classifier, task, 'margin');
    const [channels, height, width] = classifier.shape;
    const balls = task.images.map((image) => ballAround('linf', image, eps));
    const randoms = task.images.map((_, i) => new Random(task.seed, `square/${i}`));
    const images: Float32Array[] = task.images.map((image) => image.slice());
    const values = images.map(() => -Infinity);
    let active = images.map((_, i) => i);
    const first = await classifier.logits(images);
    active = active.filter((i) => !fools(task, first[i]!, i));
    for (let query = 1; query <= queries && active.length > 0; query++) {
      const side = sideOf(area, query, queries, height, width);
      const tried = active.map((i) => {
        const [own, random] = [task.images[i]!, randoms[i]!];
        const next = images[i]!.slice();
        if (query === 1) {
          for (let c = 0; c < channels; c++) {
            for (let x = 0; x < width; x++) {
              const change = eps * random.sign();
              for (let y = 0; y < height; y++) {
                const at = (c * height + y) * width + x;
                next[at] = own[at]! + change;
              }
            }
          }
        } else {
          const [top, left] = [random.below(height - side + 1), random.below(width - side + 1)];
          for (let c = 0; c < channels; c++) {
            const change = eps * random.sign();
            for (let y = top; y < top + side; y++) {
              for (let x = left; x < left + side; x++) {
                const at = (c * height + y) * width + x;
                next[at] = own[at]! + change;
              }
            }
          }
        }
        return balls[i]!.project(next);
      });
      const found = await classifier.logits(tried);
      const open = active.filter((i, at) => {
        const value = objective.value(found[at]!, i);
        const done = fools(task, found[at]!, i);
        if (done || value > values[i]!) [images[i], values[i]] = [tried[at]!, value];
        return !done;
      });
      active = open;
      await task.onStep?.({ done: query, total: queries, images });
    }
    return images;
  },
});

/** Side of the square that has the area due after as many queries. */
function sideOf(
  area: number,
  query: number,
  queries: number,
  height: number,
  width: number,
): number {
  const scaled = (query / queries) * 10_000;
  const part = area / 2 ** HALVINGS.filter((after) => scaled > after).length;
  const side = Math.round(Math.sqrt(part * height * width));
  return Math.min(height, width, Math.max(1, side));
}
